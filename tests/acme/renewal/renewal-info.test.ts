import t, { type Test } from 'tap'
import { fetchDirectory } from '../../../src/acme/client.ts'
import { fetchRenewalInfo, retryInfoAtMs } from '../../../src/acme/renewal/renewal-info.ts'
import type { AcmeRequest, AcmeResponse, Transport } from '../../../src/acme/transport.ts'
import { EdgeError } from '../../../src/errors.ts'
import { ariExample } from '../../helpers/ari-example.ts'

const nowMs = Date.parse('2026-11-26T12:00:00Z')
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const suggestedWindow = { start: '2026-12-01T00:00:00Z', end: '2026-12-03T00:00:00.5+01:00' }
const parsedWindow = { start: Date.parse('2026-12-01T00:00:00Z'), end: Date.parse('2026-12-02T23:00:00.500Z') }

function transportOf(answer: Partial<AcmeResponse>): Transport & { readonly sent: AcmeRequest[] } {
  const sent: AcmeRequest[] = []
  return {
    sent,
    close: async () => undefined,
    async send(message) {
      sent.push(message)
      return { status: 200, headers: {}, data: {}, ...answer }
    },
  }
}

const ask = (transport: Transport, url = 'https://ca.example/ari') =>
  fetchRenewalInfo({ url, id: ariExample.id, transport, nowMs }, AbortSignal.timeout(5_000))

t.test('one unsigned GET below renewalInfo, whether its URL ends in a slash or not', async (t) => {
  for (const url of ['https://ca.example/ari', 'https://ca.example/ari/']) {
    const transport = transportOf({ data: { suggestedWindow } })
    t.strictSame(await ask(transport, url), { ...parsedWindow, retryAtMs: nowMs + 6 * hourMs })
    t.strictSame(transport.sent, [{ method: 'GET', url: `https://ca.example/ari/${ariExample.id}` }])
  }
})

t.test('Retry-After is followed from a minute to a day; six hours without', async (t) => {
  const cases: readonly (readonly [string | undefined, number])[] = [
    ['21600', 6 * hourMs],
    ['3600', hourMs],
    ['0', minuteMs],
    ['59', minuteMs],
    ['999999999', 24 * hourMs],
    ['Thu, 26 Nov 2026 14:00:00 GMT', 2 * hourMs],
    ['Thu, 26 Nov 2020 14:00:00 GMT', minuteMs],
    ['soon', 6 * hourMs],
    [undefined, 6 * hourMs],
  ]
  for (const [value, expected] of cases) {
    const headers: Record<string, string> = value === undefined ? {} : { 'retry-after': value }
    const { retryAtMs } = await ask(transportOf({ headers, data: { suggestedWindow } }))
    t.equal(retryAtMs - nowMs, expected, String(value))
  }
  t.equal(cases.length, 9)
})

t.test(
  'a page that explains the window is passed on; what a terminal or browser could stumble over is not',
  async (t) => {
    const explain = async (explanationURL: unknown) =>
      (await ask(transportOf({ data: { suggestedWindow, explanationURL } }))).explanationUrl
    t.equal(await explain('https://ca.example/incident/7'), 'https://ca.example/incident/7')
    const refused = [
      'javascript:alert(1)',
      'https://ca.example/\u001b[2J',
      'https://',
      `https://a/${'x'.repeat(600)}`,
      7,
    ]
    for (const value of refused) t.equal(await explain(value), undefined, String(value).slice(0, 40))
  },
)

t.test('an answer that makes no sense is a typed error', async (t) => {
  const { start, end } = suggestedWindow
  const wrong: readonly unknown[] = [
    'text',
    {},
    { suggestedWindow: [] },
    { suggestedWindow: { start } },
    { suggestedWindow: { start: end, end: start } },
    { suggestedWindow: { start, end: start } },
    { suggestedWindow: { start: '1', end: '2' } },
    { suggestedWindow: { start, end: '2026-13-01T00:00:00Z' } },
    { suggestedWindow: { start, end: 1_900_000_000 } },
  ]
  for (const data of wrong) {
    await t.rejects(ask(transportOf({ data })), { code: 'ACME_EDGE_ACME_PROTOCOL' }, JSON.stringify(data))
  }
  t.equal(wrong.length, 9)
})

t.test('refusals are typed, and say when to ask again', async (t) => {
  const refused = await ask(transportOf({ status: 404, data: { detail: 'unknown certificate' } })).catch(
    (error) => error,
  )
  t.match(refused, { code: 'ACME_EDGE_ACME_REFUSED', message: /to say when to renew: unknown certificate/ })
  t.equal(retryInfoAtMs(refused, nowMs), nowMs + 6 * hourMs)
  const limited = new EdgeError('ACME_EDGE_ACME_RATE_LIMITED', '', { details: { retryAt: '2026-11-26T13:00:00.000Z' } })
  t.equal(retryInfoAtMs(limited, nowMs), nowMs + hourMs)
  t.equal(retryInfoAtMs(new Error('anything'), nowMs), nowMs + 6 * hourMs)
})

t.test('the directory says where to ask; a CA without ARI does not', async (t) => {
  const directory = { newNonce: 'https://ca/n', newAccount: 'https://ca/a', newOrder: 'https://ca/o' }
  const find = async (t: Test, extra: object) => {
    const transport = transportOf({ data: { ...directory, ...extra } })
    t.teardown(() => transport.close())
    return (await fetchDirectory(transport, 'https://ca/dir', AbortSignal.timeout(5_000))).renewalInfo
  }
  t.equal(await find(t, { renewalInfo: 'https://ca/ari' }), 'https://ca/ari')
  t.equal(await find(t, {}), undefined)
  await t.rejects(find(t, { renewalInfo: 'nowhere' }), { code: 'ACME_EDGE_ACME_PROTOCOL' })
})
