import { randomBytes } from 'node:crypto'
import t from 'tap'
import { certificateId } from '../../../src/acme/renewal/certificate-id.ts'
import { createCsr, issue, newKey, readyOrder, refused, startLocalCa, temporaryStore } from './local-ca.ts'

const identifiers = (...names: string[]) => names.map((value) => ({ type: 'dns', value }))
const dayMs = 86_400_000

t.test('the window lies late in the life, and in the past once the certificate is revoked', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const { download } = await issue(ca, account, ['demo.localhost'])
  const read = (id: string) => fetch(`${ca.directory.renewalInfo}/${id}`)
  const id = certificateId(download.text)
  const first = await read(id)
  t.equal(first.status, 200)
  t.equal(first.headers.get('retry-after'), '21600')
  const { suggestedWindow } = (await first.json()) as { suggestedWindow: { start: string; end: string } }
  const [start, end] = [Date.parse(suggestedWindow.start), Date.parse(suggestedWindow.end)]
  t.ok(
    start > Date.now() + 4.6 * dayMs && end < Date.now() + 5.3 * dayMs && start < end,
    JSON.stringify(suggestedWindow),
  )

  const certificate = Buffer.from(download.text.replace(/-----END[\s\S]*|-----BEGIN CERTIFICATE-----/g, ''), 'base64')
  const revoked = await account.post(ca.directory.revokeCert, {
    certificate: certificate.toString('base64url'),
    reason: 4,
  })
  t.equal(revoked.status, 200)
  const after = (await (await read(id)).json()) as typeof first & { suggestedWindow: { start: string; end: string } }
  t.ok(Date.parse(after.suggestedWindow.end) < Date.now(), 'in the past')
  t.ok(Date.parse(after.suggestedWindow.start) < Date.parse(after.suggestedWindow.end))

  const unknown = certificateId(download.text).replace(/\..*/, `.${randomBytes(17).toString('base64url')}`)
  t.equal((await read(unknown)).status, 404)
  let ran = 0
  for (const bad of ['', 'x', `${id}.x`, 'a'.repeat(300), '%00.%00']) {
    t.equal((await read(bad)).status, 400, bad)
    ran++
  }
  t.equal(ran, 5)
  t.equal((await fetch(`${ca.directory.renewalInfo}/${id}`, { method: 'POST' })).status, 405)
})

t.test('an order that replaces a certificate is the only one, unless it came to nothing', async (t) => {
  let nowMs = Date.now()
  const ca = await startLocalCa(t, { clock: () => nowMs })
  const account = await ca.enrol(await newKey())
  const first = await issue(ca, account, ['demo.localhost', 'shop.localhost'])
  const replaces = certificateId(first.download.text)
  const order = (names: string[], id: unknown = replaces, by = account) =>
    by.post(ca.directory.newOrder, { identifiers: identifiers(...names), replaces: id })
  refused(t, await order(['other.localhost']), { type: 'malformed', status: 400, name: 'no name in common' })
  refused(t, await order(['demo.localhost'], 7), { type: 'malformed', status: 404, name: 'no id' })
  refused(t, await order(['demo.localhost'], `${replaces}x`), { type: 'malformed', status: 404, name: 'unknown' })
  const other = await ca.enrol(await newKey())
  const foreign = await order(['demo.localhost'], replaces, other)
  refused(t, foreign, { type: 'unauthorized', status: 403, name: 'of another account' })

  const pending = await order(['demo.localhost'])
  t.equal(pending.status, 201)
  t.equal(pending.json.replaces, replaces)
  refused(t, await order(['demo.localhost']), { type: 'alreadyReplaced', status: 409, name: 'while one is open' })
  const [authorization] = pending.json.authorizations as string[]
  await account.post(authorization, { status: 'deactivated' })
  const second = await order(['demo.localhost'])
  t.equal(second.status, 201, 'an invalid order replaces nothing')
  const [next] = second.json.authorizations as string[]
  await account.post(next, { status: 'deactivated' })

  const third = await readyOrder(ca, account, ['demo.localhost'], { replaces })
  const csr = (await createCsr(['demo.localhost'])).encoded
  t.equal((await account.post(third.json.finalize, { csr })).json.status, 'valid')
  nowMs += 2 * 3_600_000 // the order is forgotten, what it replaced is not
  await account.post(ca.directory.newOrder, { identifiers: identifiers('x.localhost') })
  refused(t, await order(['demo.localhost']), { type: 'alreadyReplaced', status: 409, name: 'for ever' })
})

t.test('profiles set the life, and an unknown one is refused', async (t) => {
  const { store } = await temporaryStore(t)
  const ca = await startLocalCa(t, { store, leafLifeMs: 4 * dayMs })
  const account = await ca.enrol(await newKey())
  const { meta } = ca.directory as unknown as { meta: { profiles: Record<string, string> } }
  t.match(meta.profiles, { default: /4 days/, short: /24 hours/ })
  const bad = await account.post(ca.directory.newOrder, { identifiers: identifiers('a.localhost'), profile: 'nosuch' })
  refused(t, bad, { type: 'invalidProfile', status: 400, name: 'profile' })
  const lives: number[] = []
  for (const profile of [undefined, 'default', 'short']) {
    const order = await readyOrder(ca, account, ['a.localhost'], { profile })
    t.equal(order.json.profile, profile ?? 'default')
    const finalized = await account.post(order.json.finalize, { csr: (await createCsr(['a.localhost'])).encoded })
    const { text } = await account.post(finalized.json.certificate)
    const { X509Certificate } = await import('node:crypto')
    lives.push(Math.round((new X509Certificate(text).validToDate.getTime() - Date.now()) / 3_600_000))
  }
  t.same(lives, [96, 96, 24])
})
