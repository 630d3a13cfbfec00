import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { connectControl } from '../../src/control/client.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { type EdgeOptions, type EdgeProcess, eventually, startEdgeProcess } from '../helpers/edge-process.ts'
import { startOrigin } from '../helpers/recording-origin.ts'
import { redisMissing, startRedis } from '../helpers/redis.ts'
import { fetchChallenge, servedCertificate } from '../helpers/validator.ts'

const skip = redisMissing()
const host = 'shop.example'
/** What a client gets for a token that is not active: it is a request like any other. */
const forwarded = 'origin'
/** A replica's lease, and what a busy machine takes to notice. */
const LEASE_MS = 4_000
const SLACK_MS = 2_500

t.test('five edges with one Redis', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-replicas-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const redis = await startRedis({ folder })
  t.teardown(() => redis.stop())
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const start = async (changes: Partial<EdgeOptions> = {}) => {
    const edge = await startEdgeProcess({ origins: [origin.url], redis: redis.url, https: true, ...changes })
    t.teardown(() => edge.stop())
    return edge
  }
  const edges = await Promise.all([
    start({ certificateFor: [host], extra: { workers: 2 } }),
    ...Array.from({ length: 4 }, () => start()),
  ])
  const [first, second] = edges as [EdgeProcess, EdgeProcess]
  const all = <T>(ask: (edge: EdgeProcess) => Promise<T>) => Promise.all(edges.map(ask))
  const answers = (token: string) => all(({ httpPort }) => fetchChallenge(httpPort, host, token))
  const certificates = () => all(({ httpsPort }) => servedCertificate(httpsPort, host))
  const ready = async (edge: EdgeProcess) => (await readiness(edge)).body.reasons

  await t.test('a token that one publishes is answered by all when publishing resolves', async (t) => {
    let took = 0
    for (let round = 0; round < 25; round++) {
      const publisher = edges[round % edges.length] as EdgeProcess
      const token = newToken()
      const begun = performance.now()
      const keyAuthorization = await publisher.publish(host, token)
      took += performance.now() - begun
      t.strictSame(await answers(token), Array(5).fill(keyAuthorization), `round ${round}`)
      await publisher.withdraw(host, token)
      t.strictSame(await answers(token), Array(5).fill(forwarded), `round ${round}: withdrawn`)
    }
    t.comment(`publishing to five took ${(took / 25).toFixed(1)} ms on average`)
  })

  await t.test('tokens of several publishers at once', async (t) => {
    const tokens = await Promise.all(
      Array.from({ length: 25 }, async (_, i) => {
        const token = newToken()
        const keyAuthorization = await (edges[i % 5] as EdgeProcess).publish(host, token)
        t.strictSame(await answers(token), Array(5).fill(keyAuthorization))
        return token
      }),
    )
    await Promise.all(tokens.map((token, i) => (edges[i % 5] as EdgeProcess).withdraw(host, token)))
    for (const token of tokens) t.strictSame(await answers(token), Array(5).fill(forwarded))
  })

  await t.test('a certificate of one is served by all, from the first handshake after', async (t) => {
    await eventually('the one from the folder of the first is served by all', async () => {
      return new Set(await certificates()).size === 1
    })
    const before = await certificates()
    t.match(before[0], /^[0-9A-F:]+$/)
    await writeCertificate(second.storeFolder, [host])
    const control = await connectControl(second.storeFolder)
    await control?.installed(host, AbortSignal.timeout(5_000))
    control?.close()
    const after = await certificates()
    t.match(after[0], /^[0-9A-F:]+$/)
    t.not(after[0], before[0])
    t.strictSame(after, Array(5).fill(after[0]))
  })

  await t.test('one that is stopped keeps the others for its lease, and catches up afterwards', async (t) => {
    const stopped = edges[4] as EdgeProcess
    stopped.signal('SIGSTOP')
    const token = newToken()
    const begun = performance.now()
    const keyAuthorization = await first.publish(host, token, { timeoutMs: 9_000 })
    const took = performance.now() - begun
    stopped.signal('SIGCONT')
    t.ok(took > 1_000 && took < LEASE_MS + SLACK_MS, `publishing took ${took.toFixed(0)} ms`)
    t.comment(`publishing with one of five stopped took ${took.toFixed(0)} ms`)
    await eventually('it answers, too', async () => (await answers(token))[4] === keyAuthorization)
    t.strictSame(await answers(token), Array(5).fill(keyAuthorization))
    await first.withdraw(host, token)
  })

  await t.test('one that joins later answers from its first connection on', async (t) => {
    const token = newToken()
    const keyAuthorization = await first.publish(host, token)
    const joining = start()
    const seen = new Set<string | undefined>()
    const sixth = await joining
    seen.add(await fetchChallenge(sixth.httpPort, host, token))
    t.strictSame([...seen], [keyAuthorization])
    const next = newToken()
    const nextAuthorization = await sixth.publish(host, next)
    t.strictSame(await answers(next), Array(5).fill(nextAuthorization))
    const left = performance.now()
    await sixth.stop()
    const later = newToken()
    await first.publish(host, later)
    t.ok(performance.now() - left < LEASE_MS, 'one that has stopped in order is not waited for')
    t.strictSame(await answers(next), Array(5).fill(forwarded), 'what it had published is withdrawn')
    await first.withdraw(host, later)
    await first.withdraw(host, token)
  })

  for (const fault of ['killed', 'stopped'] as const) {
    await t.test(`Redis is ${fault}: what is known is served, and all is well afterwards`, async (t) => {
      const token = newToken()
      const keyAuthorization = await first.publish(host, token)
      const [known] = await certificates()
      if (fault === 'killed') await redis.kill()
      else redis.pause()
      const isLost = async () => (await all(ready)).every((reasons) => reasons.includes('store-lost'))
      await eventually('all say so', isLost, 8_000)
      const degraded = { status: 200, body: { status: 'degraded', reasons: ['store-lost'] } }
      t.strictSame(await all(readiness), Array(5).fill(degraded), 'and whoever balances keeps them all')
      t.strictSame(await all(isStoreLost), Array(5).fill('1'), 'in the metrics, too')
      for (let round = 0; round < 10; round++) {
        t.strictSame(await answers(token), Array(5).fill(keyAuthorization))
        t.strictSame(await certificates(), Array(5).fill(known))
      }
      await t.rejects(first.publish(host, newToken()), { code: 'ACME_EDGE_CONTROL_FAILED', message: /replicas/ })
      if (fault === 'killed') {
        const again = await restart(first, start)
        t.equal(await servedCertificate(again.httpsPort, host), known, 'a start without Redis serves from the copy')
        await again.stop()
        await redis.start()
      } else redis.resume()
      await eventually('all are ready', async () => (await all(ready)).every((reasons) => reasons.length === 0), 10_000)
      t.strictSame(await all(isStoreLost), Array(5).fill('0'))
      t.strictSame(await answers(token), Array(5).fill(keyAuthorization), 'what was active is active')
      await eventually('the certificate is back in Redis', () => redis.cli('ZCARD', 'acme-edge:live') === '1', 10_000)
      await eventually('all have registered', () => redis.cli('ZCARD', 'acme-edge:replicas') === '5', 10_000)
      const next = newToken()
      const nextAuthorization = await second.publish(host, next)
      t.strictSame(await answers(next), Array(5).fill(nextAuthorization))
      await second.withdraw(host, next)
      await first.withdraw(host, token)
      t.strictSame(await answers(token), Array(5).fill(forwarded))
      for (const edge of edges) {
        const count = (text: string) => edge.stderr().split(text).length - 1
        t.equal(count('the store is lost'), fault === 'killed' ? 1 : 2, 'said once')
        t.equal(count('the store is back'), fault === 'killed' ? 1 : 2, 'said once')
      }
    })
  }
})

/** Another edge with a copy of that one's folder of certificates, as after a restart. */
async function restart(edge: EdgeProcess, start: (changes: Partial<EdgeOptions>) => Promise<EdgeProcess>) {
  return start({ copyCache: edge.storeFolder })
}

async function readiness({ adminPort }: EdgeProcess) {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`)
  const body = (await answer.json()) as { status: string; reasons: string[] } // of our own admin server
  return { status: answer.status, body }
}

async function isStoreLost({ adminPort }: EdgeProcess): Promise<string | undefined> {
  const page = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  return /^acme_edge_store_lost (\d)$/m.exec(page)?.[1]
}

function newToken(): string {
  return randomBytes(24).toString('base64url')
}
