import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { type ChallengeListener, openChallengeListener } from '../helpers/challenge-listener.ts'
import { type Exchange, type Fault, startFaultProxy } from '../helpers/fault-proxy.ts'
import { type Pebble, pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()
const isNewOrder = ({ path }: Exchange) => path.startsWith('/order-plz')
const isFinalize = ({ path }: Exchange) => path.startsWith('/finalize-order')
const isChallenge = ({ path, payload }: Exchange) => path.startsWith('/chalZ') && payload !== ''
const isAuthorization = ({ path }: Exchange) => path.startsWith('/authZ')
const isNewAccount = ({ path }: Exchange) => path.startsWith('/sign-me-up')

t.test('a CA and a network at fault', { skip }, async (t) => {
  const publisher = await openChallengeListener()
  const pebble = await startPebble({ folder: join(t.testdir(), 'pebble'), httpPort: publisher.port })
  t.teardown(async () => void (await Promise.all([pebble.stop(), publisher.close()])))
  const cases = Object.entries(scenarios)
  for (const [name, scenario] of cases) await t.test(name, (t) => scenario(t, { pebble, publisher }))
  t.equal(cases.length, 14)
})

interface World {
  readonly pebble: Pebble
  readonly publisher: ChallengeListener
}

const scenarios: Record<string, (t: Test, world: World) => Promise<void>> = {
  'newOrder refused with 429: a typed error with the time, and no second newOrder': async (t, world) => {
    const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many certificates', status: 429 }
    const fault = answer(429, problem, { 'retry-after': '3600' })
    const { issue, proxy } = await open(t, world, (exchange) => (isNewOrder(exchange) ? fault : undefined))
    const before = Date.now()
    const error = await caught(issue())
    t.match(error, { code: 'ACME_EDGE_ACME_RATE_LIMITED', message: /try again after \d{4}-/ })
    const retryAt = Date.parse(error.details.retryAt)
    t.ok(Math.abs(retryAt - before - 3_600_000) < 10_000)
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
  },
  'the answer to newOrder is lost: no blind repetition, and the next run succeeds': async (t, world) => {
    const { issue, proxy } = await open(t, world, first(isNewOrder, { kind: 'lose reply' }))
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_UNREACHABLE' })
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
    await issue()
    t.equal(proxy.seen.filter(isNewAccount).length, 1, 'one account')
  },
  'newOrder meets a 503: reported, not repeated': async (t, world) => {
    const { issue, proxy } = await open(t, world, first(isNewOrder, answer(503, 'busy', { 'retry-after': '1' })))
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_REFUSED', message: /try again later/ })
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
  },
  'the answer to newAccount is lost: the same key finds the same account': async (t, world) => {
    const { issue } = await open(t, world, first(isNewAccount, { kind: 'lose reply' }))
    await issue()
  },
  'the answer to finalize is lost: the order is looked at before anything is sent again': async (t, world) => {
    const { issue, proxy } = await open(t, world, first(isFinalize, { kind: 'lose reply' }))
    await issue()
    t.equal(proxy.seen.filter(isFinalize).length, 1)
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
  },
  'the answer to the challenge is lost: the authorization goes on': async (t, world) => {
    const { issue, proxy } = await open(t, world, first(isChallenge, { kind: 'lose reply' }))
    await issue()
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
  },
  'the challenge never reached the CA: it is sent again': async (t, world) => {
    const { issue, proxy } = await open(t, world, first(isChallenge, answer(502, 'no backend')))
    await issue()
    t.equal(proxy.seen.filter(isChallenge).length, 2)
  },
  'reading an authorization meets a 503: tried again': async (t, world) => {
    const { issue } = await open(t, world, first(isAuthorization, answer(503, 'busy')))
    await issue()
  },
  'every nonce refused: an end after a bounded number of attempts': async (t, world) => {
    const problem = { type: 'urn:ietf:params:acme:error:badNonce', detail: 'stale', status: 400 }
    const fault = answer(400, problem, { 'replay-nonce': 'c3RhbGU' })
    const { issue, proxy } = await open(t, world, (exchange) => (isNewAccount(exchange) ? fault : undefined))
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_REFUSED', details: { problem: { type: 'badNonce' } } })
    t.equal(proxy.seen.filter(isNewAccount).length, 11)
  },
  'a Retry-After of a day does not hold the command beyond its time': async (t, world) => {
    const change = (body: string) => body.replace(/"status": "(valid|pending)"/, '"status": "pending"')
    const fault: Fault = { kind: 'rewrite', change, headers: { 'retry-after': '86400' } }
    const { issue } = await open(t, world, (exchange) => (isAuthorization(exchange) ? fault : undefined))
    const started = Date.now()
    t.match(await caught(issue(1_500)), { code: 'ACME_EDGE_ACME_TIMEOUT' })
    t.ok(Date.now() - started < 4_000)
    t.equal(world.publisher.active(), 0)
  },
  'a CA that takes requests and never answers is left at the time limit': async (t, world) => {
    const { issue } = await open(t, world, (exchange) => (isNewOrder(exchange) ? { kind: 'hang' } : undefined))
    t.match(await caught(issue(1_000)), { code: 'ACME_EDGE_ACME_TIMEOUT' })
  },
  'a CA that asks for a proof of another host gets none': async (t, world) => {
    const change = (body: string) => body.replace(/fault-\d+\.example/, 'victim.example')
    const fault: Fault = { kind: 'rewrite', change }
    const { issue } = await open(t, world, (exchange) => (isAuthorization(exchange) ? fault : undefined))
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_PROTOCOL', message: /not ordered/ })
  },
  'a token that is no token is not published': async (t, world) => {
    const change = (body: string) => body.replace(/"token": "[^"]+"/g, '"token": "../../etc/passwd-and-more-of-it"')
    const { issue } = await open(t, world, first(isAuthorization, { kind: 'rewrite', change }))
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_PROTOCOL', message: /token/ })
  },
  'something that is no ACME server is named as such, whatever it sends': async (t, world) => {
    for (const body of ['<html>', '[]', '{}', '{"newNonce":"x"}', ' '.repeat(2_000_000)]) {
      const fault = { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body } as const
      const { issue } = await open(t, world, ({ path }) => (path === '/dir' ? fault : undefined))
      t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_PROTOCOL' }, body.slice(0, 20))
    }
  },
}

let serial = 0

async function open(t: Test, { pebble, publisher }: World, choose: (exchange: Exchange) => Fault | undefined) {
  const proxy = await startFaultProxy(pebble, choose)
  t.teardown(() => proxy.close())
  const folder = join(t.testdir(), 'certs')
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  serial += 1
  const names = parseCertificateNames([`fault-${serial}.example`])
  const acme = { directory: proxy.directory, rootCa: pebble.rootCa, contact: [], certificates: [] }
  const signal = new AbortController().signal
  const issue = (timeoutMs = 20_000) =>
    issueCertificate({ names, acme, store, certificateFolder: folder, publisher, signal, timeoutMs })
  return { issue, proxy }
}

function first(isMeant: (exchange: Exchange) => boolean, fault: Fault): (exchange: Exchange) => Fault | undefined {
  let done = false
  return (exchange) => {
    if (done || !isMeant(exchange)) return undefined
    done = true
    return fault
  }
}

function answer(status: number, problem: object | string, headers: Record<string, string> = {}): Fault {
  if (typeof problem === 'string')
    return { kind: 'answer', status, headers: { 'content-type': 'text/plain', ...headers }, body: problem }
  return { kind: 'answer', status, headers, body: JSON.stringify(problem) }
}

async function caught(work: Promise<unknown>): Promise<Error & { details: { retryAt: string } }> {
  try {
    await work
  } catch (error) {
    return error as Error & { details: { retryAt: string } } // matched by the caller
  }
  throw new Error('nothing was thrown')
}
