import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import type { CertificateWish } from '../../src/acme/certificate-wish.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import type { OrderLedger } from '../../src/acme/order-ledger.ts'
import type { Progress } from '../../src/acme/progress.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { type ChallengeListener, openChallengeListener } from '../helpers/challenge-listener.ts'
import { type Exchange, type Fault, startFaultProxy } from '../helpers/fault-proxy.ts'
import { type Pebble, pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()
t.setTimeout(180_000)
const isNewOrder = ({ path }: Exchange) => path.startsWith('/order-plz')
const isFinalize = ({ path }: Exchange) => path.startsWith('/finalize-order')
const isChallenge = ({ path, payload }: Exchange) => path.startsWith('/chalZ') && payload !== ''
const isAuthorization = ({ path }: Exchange) => path.startsWith('/authZ')
const isDownload = ({ path }: Exchange) => path.startsWith('/certZ')
const isNewAccount = ({ path }: Exchange) => path.startsWith('/sign-me-up')

t.test('a CA and a network at fault', { skip }, async (t) => {
  const publisher = await openChallengeListener()
  const pebble = await startPebble({ folder: join(t.testdir(), 'pebble'), httpPort: publisher.port })
  t.teardown(async () => void (await Promise.all([pebble.stop(), publisher.close()])))
  const cases = Object.entries(scenarios)
  for (const [name, scenario] of cases) await t.test(name, (t) => scenario(t, { pebble, publisher }))
  t.equal(cases.length, 23)
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
  'the answer to newOrder is lost: the order is found in the list of the account': async (t, world) => {
    const { issue, proxy, kinds, counted } = await open(t, world, first(isNewOrder, { kind: 'lose reply' }))
    await issue()
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
    t.equal(proxy.seen.filter(isNewAccount).length, 1, 'one account')
    t.ok(kinds.includes('order resumed'), kinds.join())
    t.same(counted, { begun: 1, ended: 0 })
  },
  'the answer to newOrder is lost, and then the CA: the next run finds the order': async (t, world) => {
    let isDown = false
    const { issue, proxy, counted } = await open(t, world, (exchange) => {
      if (isDown) return { kind: 'answer', status: 503, body: 'down' }
      isDown = isNewOrder(exchange)
      return isDown ? { kind: 'lose reply' } : undefined
    })
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_UNREACHABLE' })
    isDown = false
    // Were it not found, this newOrder would be lost, too.
    await issue()
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
    t.same(counted, { begun: 1, ended: 0 })
  },
  'the answer to newOrder is lost, and the CA keeps no list: one more order, and both are counted': async (
    t,
    world,
  ) => {
    let lost = 0
    const change = (body: string) => body.replace(/"orders":\s*"[^"]*"/, '"lists": "none"')
    const { issue, proxy, counted } = await open(t, world, (exchange) => {
      if (isNewOrder(exchange) && lost++ === 0) return { kind: 'lose reply' }
      return exchange.path.startsWith('/my-account') ? { kind: 'rewrite', change } : undefined
    })
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_UNREACHABLE' })
    t.equal(proxy.seen.filter(isNewOrder).length, 1, 'not repeated blindly')
    t.same(counted, { begun: 1, ended: 0 })
    await issue()
    t.equal(proxy.seen.filter(isNewOrder).length, 2)
    t.same(counted, { begun: 2, ended: 1 })
    t.equal(proxy.seen.filter(isNewAccount).length, 1, 'one account')
  },
  'newOrder refused with 409 that is about nothing that was said: reported, not repeated': async (t, world) => {
    const problem = { type: 'urn:ietf:params:acme:error:malformed', detail: 'conflict', status: 409 }
    const { issue, proxy, counted } = await open(t, world, first(isNewOrder, answer(409, problem)))
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_REFUSED' })
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
    t.same(counted, { begun: 1, ended: 1 })
  },
  'newOrder refused with 409 for what it replaces: sent again without': async (t, world) => {
    const problem = { type: 'urn:ietf:params:acme:error:alreadyReplaced', detail: 'replaced', status: 409 }
    const { issue, proxy, counted } = await open(t, world, first(isNewOrder, answer(409, problem)))
    await issue(20_000, { replaces: 'AAAA.BBBB' })
    t.same(
      proxy.seen.filter(isNewOrder).map(({ payload }) => payload.includes('AAAA.BBBB')),
      [true, false],
    )
    t.same(counted, { begun: 1, ended: 0 })
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
  'finalize meets a 503: the order is still ready, so it is sent again': async (t, world) => {
    const { issue, proxy } = await open(t, world, first(isFinalize, answer(503, 'busy')))
    await issue()
    t.equal(proxy.seen.filter(isFinalize).length, 2)
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
  },
  'finalize refused with 429: the next run goes on with the same order': async (t, world) => {
    const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'slow down', status: 429 }
    const fault = answer(429, problem, { 'retry-after': '60' })
    const { issue, proxy, counted } = await open(t, world, first(isFinalize, fault))
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_RATE_LIMITED', message: /try again after/ })
    await issue()
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
    t.same(counted, { begun: 1, ended: 0 })
  },
  'the answer to finalize is lost, and then the CA: the next run downloads what was issued': async (t, world) => {
    let isDown = false
    const { issue, proxy } = await open(t, world, (exchange) => {
      if (isDown) return { kind: 'answer', status: 503, body: 'down' }
      isDown = isFinalize(exchange)
      return isDown ? { kind: 'lose reply' } : undefined
    })
    t.match(await caught(issue()), { code: 'ACME_EDGE_ACME_REFUSED' })
    const finalized = proxy.seen.filter(isFinalize).length
    isDown = false
    await issue()
    t.equal(finalized, 1)
    t.equal(proxy.seen.filter(isFinalize).length, 1)
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
  },
  'the answer with the certificate is lost: downloaded again': async (t, world) => {
    const { issue, proxy } = await open(t, world, first(isDownload, { kind: 'lose reply' }))
    await issue()
    t.equal(proxy.seen.filter(isDownload).length, 2)
    t.equal(proxy.seen.filter(isNewOrder).length, 1)
  },
  'an answer of a CA that takes half a second each is waited for': async (t, world) => {
    const { issue, proxy } = await open(t, world, () => ({ kind: 'slow', ms: 500 }))
    await issue()
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
  const kinds: string[] = []
  const onProgress = (event: Progress) => void kinds.push(`${event.kind}${'state' in event ? ` ${event.state}` : ''}`)
  const counted = { begun: 0, ended: 0 }
  const ledger: OrderLedger = {
    begin: async () => void counted.begun++,
    end: async () => void counted.ended++,
    interrupted: async () => undefined,
  }
  const order = { names, acme, store, certificateFolder: folder, publisher, signal, onProgress, ledger }
  /** Afterwards a certificate is installed that fits its key (or it would not load), and nothing is left over. */
  const issue = async (timeoutMs = 20_000, wish: Partial<CertificateWish> = {}) => {
    const { serial } = await issueCertificate({ ...order, timeoutMs, ...wish })
    t.equal((await loadCertificate(folder, String(names[0])))?.serial, serial)
    t.equal(publisher.active(), 0)
    t.same(await store.list('orders/'), [])
  }
  return { issue, proxy, kinds, counted, folder, names }
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
