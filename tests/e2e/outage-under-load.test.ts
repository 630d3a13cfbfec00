import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type EdgeOptions, eventually, startEdgeProcess } from '../helpers/edge-process.ts'
import { h2loadMissing, keepLoading } from '../helpers/h2load.ts'
import { startOrigin } from '../helpers/recording-origin.ts'
import { redisMissing, startRedis } from '../helpers/redis.ts'
import { fetchChallenge, servedCertificate } from '../helpers/validator.ts'

const skip = redisMissing() || h2loadMissing()
const host = 'shop.example'
/** Complete runs of each load that every part of an outage sees. */
const RUNS = 3
const load = { host, connections: 5, requestsPerConnection: 3 }
const protocols = ['h2', 'http/1.1', 'plain'] as const

t.test('Redis comes and goes under load: no handshake and no request fails', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-outage-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const redis = await startRedis({ folder })
  t.teardown(() => redis.stop())
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const start = async (changes: Partial<EdgeOptions>) => {
    const edge = await startEdgeProcess({ origins: [origin.url], redis: redis.url, https: true, ...changes })
    t.teardown(() => edge.stop())
    return edge
  }
  const first = await start({ certificateFor: [host], extra: { workers: 2 } })
  const edges = [first, await start({})]
  const certificates = () => Promise.all(edges.map(({ httpsPort }) => servedCertificate(httpsPort, host)))
  await eventually('both serve the same certificate', async () => {
    const [one, other] = await certificates()
    return one === other && one?.includes(':') === true
  })
  const [known] = await certificates()
  const keyAuthorization = await first.publish(host, 'a-token-that-is-active')

  const loads = edges.flatMap(({ httpPort, httpsPort }, edge) =>
    protocols.map((protocol) => ({
      name: `edge ${edge + 1}, ${protocol}`,
      runs: keepLoading({ ...load, protocol, port: protocol === 'plain' ? httpPort : httpsPort }),
    })),
  )
  const more = async (when: string) => {
    const wanted = loads.map(({ runs }) => runs.countsSoFar().connections + RUNS * load.connections)
    const isMet = () => loads.every(({ runs }, i) => runs.countsSoFar().connections >= Number(wanted[i]))
    await eventually(`load ${when}`, isMet, 20_000)
    t.strictSame(await certificates(), [known, known], `${when}: the certificate`)
    const answers = await Promise.all(
      edges.map(({ httpPort }) => fetchChallenge(httpPort, host, 'a-token-that-is-active')),
    )
    t.strictSame(answers, [keyAuthorization, keyAuthorization], `${when}: the challenge`)
  }
  let outages = 0
  const saidByAll = (text: string) =>
    eventually(text, () => edges.every((edge) => edge.stderr().split(text).length - 1 === outages), 10_000)

  await more('before')
  const faults = {
    killed: [() => redis.kill(), () => redis.start()],
    'paused (SIGSTOP)': [() => redis.pause(), () => redis.resume()],
    // Back before the edges have tried again.
    restarted: [() => redis.kill().then(() => redis.start()), () => undefined],
  } as const
  for (const [name, [begin, end]] of Object.entries(faults)) {
    outages++
    await begin()
    await saidByAll('the store is lost')
    await more(name)
    await end()
    await saidByAll('the store is back')
    await more(`after ${name}`)
  }
  t.equal(outages, 3)

  let [connections, requests, failed] = [0, 0, 0]
  for (const { name, runs } of loads) {
    const counts = await runs.stop()
    t.comment(`${name}: ${JSON.stringify(counts)}`)
    t.equal(counts.failed, 0, `${name}: no failure`)
    t.equal(counts.answered, counts.requests)
    t.ok(
      counts.connections >= (1 + 2 * outages) * RUNS * load.connections,
      `${name}: ${counts.connections} connections`,
    )
    connections += counts.connections
    requests += counts.requests
    failed += counts.failed
  }
  t.comment(`${outages} outages, ${connections} connections, ${requests} requests, ${failed} failed`)
  t.equal(loads.length, edges.length * protocols.length)
})
