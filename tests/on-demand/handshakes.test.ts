import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { CertificateTable } from '../../src/edge/certificate-table.ts'
import { createLog } from '../../src/log.ts'
import { OnDemand } from '../../src/on-demand/on-demand.ts'
import { openOrderLimits } from '../../src/on-demand/order-limits.ts'
import { WaitingRoom } from '../../src/on-demand/waiting-room.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { httpServer } from '../helpers/faulty-servers.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'

const unrecognized = 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'

interface Wish {
  /** Who decides. Default: everybody may. */
  readonly handler?: RequestListener
  readonly waitingHandshakes?: number
  readonly waitMs?: number
  /** Runs before the certificate is there. */
  readonly before?: (name: string) => Promise<void>
  readonly now?: () => number
  readonly present?: readonly string[]
}

/** TLS as the edge has it, with certificates that sign themselves in place of a CA. */
async function serve(t: Test, wish: Wish = {}) {
  const folder = t.testdir({})
  const obtained: string[] = []
  let asked = 0
  const ask = await httpServer(t, (request, response) => {
    asked++
    if (wish.handler !== undefined) wish.handler(request, response)
    else response.end()
  })
  const log = createLog('silent')
  const waitingHandshakes = wish.waitingHandshakes ?? 100
  const onDemand = new OnDemand({
    config: {
      ask: `http://127.0.0.1:${ask}/`,
      timeoutMs: 1_000,
      limits: { perMinute: 1_000, perRegisteredDomain: 'off' },
      waitingHandshakes,
    },
    orderLimits: openOrderLimits({ store: createMemoryStore(), now: Date.now }),
    log,
    isManaged: () => false,
    isOnDemand: async () => false,
    async obtain(name) {
      await wish.before?.(name)
      obtained.push(name)
      await writeCertificate(folder, [name])
      await table.reload(name)
    },
  })
  t.teardown(() => onDemand.close())
  const { waitMs } = wish
  const room = new WaitingRoom(onDemand, () => ({ waitingHandshakes, ...(waitMs === undefined ? {} : { waitMs }) }))
  const table = new CertificateTable(folder, log, { demand: room, ...(wish.now ? { now: wish.now } : {}) })
  for (const name of wish.present ?? []) await writeCertificate(folder, [name])
  await table.loadAll()
  const server = tls.createServer({ SNICallback: table.sniCallback() }, (socket) => socket.end())
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo // listening on TCP
  return { port, obtained, asked: () => asked, room, onDemand }
}

/** The names of the certificate, or why there is none. */
function handshake(port: number, servername: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    socket.setTimeout(10_000, () => resolve('timeout'))
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message))
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '')
      socket.destroy()
    })
  })
}

t.test('the first handshake waits for the certificate, the next ones have it', async (t) => {
  const { port, obtained, asked } = await serve(t)
  t.equal(await handshake(port, 'Shop.example'), 'DNS:shop.example')
  t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example')
  t.strictSame(obtained, ['shop.example'])
  t.equal(asked(), 1, 'one that was just got need not be renewed')
})

t.test('twenty handshakes at once make one order', async (t) => {
  const { port, obtained } = await serve(t, { before: () => new Promise((resolve) => setTimeout(resolve, 200)) })
  const results = await Promise.all(Array.from({ length: 20 }, () => handshake(port, 'shop.example')))
  t.strictSame(results, Array(20).fill('DNS:shop.example'))
  t.strictSame(obtained, ['shop.example'])
})

t.test('a no, and no answer, are unrecognized_name', async (t) => {
  const { port, obtained } = await serve(t, {
    handler: ({ url, socket }, response) => (url?.includes('down') ? socket.destroy() : response.writeHead(403).end()),
  })
  for (const name of ['other.example', 'down.example', 'localhost', 'a_b.example'])
    t.equal(await handshake(port, name), unrecognized, name)
  t.strictSame(obtained, [])
})

t.test(
  '1,000 strangers with 1,000 names: bounded questions, nobody waits in vain, the others are served',
  async (t) => {
    const waitingHandshakes = 100
    const { port, asked, room, obtained } = await serve(t, {
      waitingHandshakes,
      handler: (_, response) => void setTimeout(() => response.writeHead(404).end(), 20),
      present: ['known.example'],
    })
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, room.waiting)), 1)
    t.teardown(() => clearInterval(watch))
    const startedAt = performance.now()
    const flood = Promise.all(Array.from({ length: 1_000 }, (_, i) => handshake(port, `n${i}.example`)))
    t.equal(await handshake(port, 'known.example'), 'DNS:known.example', 'while it lasts')
    const results = await flood
    t.strictSame(new Set(results), new Set([unrecognized]))
    const allowed = 101 + (performance.now() - startedAt) / 100
    t.ok(asked() <= allowed, `${asked()} questions, ${Math.floor(allowed)} may be asked`)
    t.ok(most <= waitingHandshakes, `${most} handshakes waited at a time`)
    t.equal(room.waiting, 0)
    t.strictSame(obtained, [])
  },
)

t.test('no more wait than may, and no longer', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { port, room, obtained } = await serve(t, { waitingHandshakes: 4, waitMs: 400, before: () => gate.promise })
  const startedAt = performance.now()
  const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((label) => `${label}.example`)
  const results = await Promise.all(
    names.map(async (name) => ({ result: await handshake(port, name), afterMs: performance.now() - startedAt })),
  )
  t.ok(
    results.every(({ result }) => result === unrecognized),
    'nobody got one in time',
  )
  t.equal(results.filter(({ afterMs }) => afterMs < 350).length, 2, 'two were turned away at once')
  t.ok(results.every(({ afterMs }) => afterMs < 2_000))
  t.equal(room.waiting, 0)
  gate.resolve()
  const late = await Promise.all(names.slice(0, 4).map((name) => handshake(port, name)))
  t.strictSame(
    late.toSorted(),
    names.slice(0, 4).map((name) => `DNS:${name}`),
    'what was under way is not lost',
  )
  t.equal(obtained.length, 4)
})

t.test('a certificate that has expired is replaced while the handshake waits, or served when that fails', async (t) => {
  let now = Date.now() + 200 * 86_400_000
  const { port, obtained } = await serve(t, {
    present: ['old.example', 'denied.example'],
    now: () => now,
    handler: ({ url }, response) => response.writeHead(url?.includes('denied') ? 404 : 200).end(),
    before: async () => {
      now = Date.now()
    },
  })
  t.equal(await handshake(port, 'denied.example'), 'DNS:denied.example')
  t.equal(await handshake(port, 'old.example'), 'DNS:old.example')
  t.strictSame(obtained, ['old.example'])
})
