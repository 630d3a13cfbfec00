import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { EdgeError } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { OnDemand, type OnDemandParts } from '../../src/on-demand/on-demand.ts'
import { openOrderLimits } from '../../src/on-demand/order-limits.ts'
import { eventually } from '../helpers/edge-process.ts'
import { tlsServer } from '../helpers/faulty-servers.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'

const limits = { perMinute: 1_000, perRegisteredDomain: 'off' } as const

interface Wish extends Partial<OnDemandParts> {
  readonly handler?: RequestListener
  readonly limits?: { perMinute: number; perRegisteredDomain: { count: number; periodMs: number } | 'off' }
  readonly url?: string
  readonly timeoutMs?: number
}

/** With a real service to ask and a clock of its own; what is obtained is a list. */
async function open(t: Test, wish: Wish = {}) {
  const asked: string[] = []
  const obtained: string[] = []
  const results: Record<string, number> = {}
  const clock = { ms: 1_000_000 }
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://ask').searchParams.get('domain') ?? '')
    ;(wish.handler ?? allow)(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // listening on TCP
  const onDemand = new OnDemand({
    config: {
      ask: wish.url ?? `http://127.0.0.1:${port}/ask?key=1`,
      timeoutMs: wish.timeoutMs ?? 2_000,
      limits: wish.limits ?? limits,
      waitingHandshakes: 100,
    },
    obtain: async (name) => void obtained.push(name),
    isManaged: () => false,
    isOnDemand: async () => true,
    orderLimits: openOrderLimits({ store: createMemoryStore(), now: () => clock.ms }),
    log: createLog('silent'),
    now: () => clock.ms,
    observe(result) {
      results[result] = (results[result] ?? 0) + 1
    },
    ...wish,
  })
  t.teardown(() => onDemand.close())
  return { onDemand, asked, obtained, results, clock, server }
}

const allow: RequestListener = (_, response) => response.end('yes')
const status =
  (code: number, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(code, headers).end()

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void // what the flag puts there
  collect()
  return process.memoryUsage().heapUsed
}

t.test('200 allows: the name is got', async (t) => {
  const { onDemand, asked, obtained } = await open(t)
  t.equal(await onDemand.request('shop.example'), true)
  t.strictSame([asked, obtained], [['shop.example'], ['shop.example']])
})

t.test('two at once are one question and one order', async (t) => {
  const { onDemand, asked, obtained } = await open(t)
  const answers = await Promise.all(Array.from({ length: 50 }, () => onDemand.request('shop.example')))
  t.strictSame(answers, Array(50).fill(true))
  t.strictSame([asked, obtained], [['shop.example'], ['shop.example']])
})

t.test('whatever is not 200 refuses, and is remembered for half a minute', async (t) => {
  const answers: [number, object?][] = [[201], [204], [302, { location: '/ask2' }], [400], [403], [404], [500], [503]]
  for (const [code, headers] of answers) {
    const { onDemand, asked, obtained, clock } = await open(t, { handler: status(code, headers) })
    t.equal(await onDemand.request('shop.example'), false, String(code))
    t.equal(await onDemand.request('shop.example'), false)
    t.equal(asked.length, 1, 'asked once')
    clock.ms += 30_001
    await onDemand.request('shop.example')
    t.equal(asked.length, 2, 'and again later')
    t.strictSame(obtained, [])
  }
  t.equal(answers.length, 8)
})

t.test('nobody answers: refused', async (t) => {
  const { onDemand, obtained, results, server } = await open(t)
  server.close()
  await once(server, 'close')
  t.equal(await onDemand.request('shop.example'), false)
  t.strictSame(obtained, [])
  t.strictSame(results, { unanswered: 1 })
})

t.test('the service hangs, breaks off or talks nonsense: refused in time', async (t) => {
  const handlers: RequestListener[] = [
    () => undefined,
    (request) => request.socket.destroy(),
    (request) => request.socket.end('220 smtp\r\n'),
    (request) => request.socket.end('HTTP/1.1 2'),
  ]
  for (const handler of handlers) {
    const { onDemand, obtained } = await open(t, { handler, timeoutMs: 100 })
    const startedAt = performance.now()
    t.equal(await onDemand.request('shop.example'), false)
    t.ok(performance.now() - startedAt < 1_500)
    t.strictSame(obtained, [])
  }
})

t.test('a service whose TLS is not trusted cannot allow', async (t) => {
  const port = await tlsServer(t, allow)
  const { onDemand, obtained } = await open(t, { url: `https://localhost:${port}/ask` })
  t.equal(await onDemand.request('shop.example'), false)
  t.strictSame(obtained, [])
})

t.test('so many orders a minute, whatever the names', async (t) => {
  const { onDemand, obtained, results, clock } = await open(t, { limits: { perMinute: 3, perRegisteredDomain: 'off' } })
  const ask = (from: number) =>
    Promise.all(Array.from({ length: 5 }, (_, i) => onDemand.request(`a.shop-${from + i}.example`)))
  t.equal((await ask(0)).filter(Boolean).length, 3)
  clock.ms += 20_000
  t.equal((await ask(10)).filter(Boolean).length, 1, 'one comes back every 20 s')
  clock.ms += 60_000
  t.equal((await ask(20)).filter(Boolean).length, 3)
  t.equal(obtained.length, 7)
  t.strictSame(results, { limited: 8, obtained: 7 })
})

t.test('so many orders a registered domain, by the public suffix list', async (t) => {
  const perRegisteredDomain = { count: 2, periodMs: 3_600_000 }
  const { onDemand, obtained } = await open(t, { limits: { perMinute: 1_000, perRegisteredDomain } })
  for (const name of ['a.shop.co.uk', 'b.shop.co.uk', 'c.shop.co.uk', 'd.e.shop.co.uk', 'a.other.co.uk'])
    await onDemand.request(name)
  t.strictSame(obtained, ['a.shop.co.uk', 'b.shop.co.uk', 'a.other.co.uk'])
})

t.test('after failures a name is left alone for 1, 10, 100 minutes, then a day; a success ends it', async (t) => {
  let tries = 0
  let works = false
  const { onDemand, asked, clock } = await open(t, {
    async obtain() {
      tries++
      if (!works) throw new EdgeError('ACME_EDGE_ACME_VALIDATION_FAILED', 'no')
    },
  })
  for (const minutes of [1, 10, 100, 1_440, 1_440]) {
    const before = tries
    t.equal(await onDemand.request('shop.example'), false)
    t.equal(tries, before + 1)
    clock.ms += minutes * 60_000 - 1
    t.equal(await onDemand.request('shop.example'), false)
    t.equal(tries, before + 1, `not within ${minutes} minutes`)
    clock.ms += 1
  }
  t.equal(asked.length, 5, 'nor is the service asked')
  works = true
  t.equal(await onDemand.request('shop.example'), true)
  works = false
  await onDemand.request('shop.example')
  clock.ms += 60_000
  works = true
  t.equal(await onDemand.request('shop.example'), true, 'a minute again')
})

t.test("the CA's own time is kept", async (t) => {
  const retryAtMs = 1_000_000 + 7_200_000
  const obtain = async () => {
    const details = { retryAt: new Date(retryAtMs).toISOString() }
    throw new EdgeError('ACME_EDGE_ACME_RATE_LIMITED', 'later', { details })
  }
  const { onDemand, asked, clock } = await open(t, { obtain })
  await onDemand.request('shop.example')
  clock.ms = retryAtMs - 1
  await onDemand.request('shop.example')
  t.equal(asked.length, 1)
  clock.ms = retryAtMs
  await onDemand.request('shop.example')
  t.equal(asked.length, 2)
})

t.test("names of the config are the manager's", async (t) => {
  const { onDemand, asked, obtained } = await open(t, { isManaged: (name) => name === 'shop.example' })
  t.equal(await onDemand.request('shop.example'), false)
  onDemand.seen('shop.example')
  t.strictSame([asked, obtained], [[], []])
})

t.test('without a config nothing is asked; with one again it is', async (t) => {
  const { onDemand, asked } = await open(t)
  onDemand.configure(undefined)
  t.equal(await onDemand.request('shop.example'), false)
  onDemand.seen('shop.example')
  t.strictSame(asked, [])
})

t.test('a flood of 100,000 names: bounded questions, at a time and in all, and bounded memory', async (t) => {
  let [now, most] = [0, 0]
  const { onDemand, asked, obtained } = await open(t, {
    handler: (_, response) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now--
        response.writeHead(404).end()
      }, 5)
    },
  })
  const count = 100_000
  const before = heapAfterCollection()
  let [yes, i] = [0, 0]
  while (i < count) {
    const batch = Array.from({ length: 1_000 }, () => onDemand.request(`n${i++}.example`))
    yes += (await Promise.all(batch)).filter(Boolean).length
  }
  const grownMb = (heapAfterCollection() - before) / 1_048_576
  t.equal(yes, 0)
  t.ok(most <= 32, `${most} questions at a time`)
  t.ok(asked.length >= 32 && asked.length <= 101, `${asked.length} questions for ${count} names`)
  t.strictSame(obtained, [])
  t.ok(grownMb < 8, `the heap grew by ${grownMb.toFixed(1)} MB`)
})

t.test(
  'what is in use is renewed if it was got on demand and is still allowed, beside the limits of new names',
  async (t) => {
    const { onDemand, obtained, asked } = await open(t, {
      handler: ({ url = '' }, response) => response.writeHead(url.endsWith('gone.example') ? 404 : 200).end(),
      isOnDemand: async (name) => name !== 'ordered.example',
      limits: { perMinute: 1, perRegisteredDomain: { count: 1, periodMs: 3_600_000 } },
    })
    const all = ['ordered.example', 'gone.example', 'a.example', 'b.example']
    for (const name of all) onDemand.seen(name)
    await eventually('both are looked at', () => obtained.length === 2)
    t.strictSame(obtained.toSorted(), ['a.example', 'b.example'])
    t.strictSame(asked.toSorted(), ['a.example', 'b.example', 'gone.example'])
  },
)

t.test('closing interrupts what is under way', async (t) => {
  const { onDemand } = await open(t, {
    obtain: (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  })
  const answer = onDemand.request('shop.example')
  setTimeout(() => onDemand.close(), 50)
  t.equal(await answer, false)
  t.equal(await onDemand.request('shop.example'), false)
})
