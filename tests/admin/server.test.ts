import { createServer } from 'node:net'
import t from 'tap'
import { createHealth } from '../../src/admin/health.ts'
import { createMetrics, renderMetrics } from '../../src/admin/metrics.ts'
import { startAdmin } from '../../src/admin/server.ts'

const sources = {
  connections: () => 3,
  certificates: () => [{ name: 'a.example', notAfterMs: 1_700_000_000_000 }],
  collections: () => [{ name: 'ip', count: 7 }],
}

async function open() {
  const health = createHealth()
  const metrics = createMetrics(sources)
  const admin = await startAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    health: health.snapshot,
    metrics: async () => renderMetrics([await metrics.snapshot(), await health.metrics()]),
  })
  t.teardown(admin.close)
  const url = (path: string) => `http://127.0.0.1:${admin.address.port}${path}`
  return { health, metrics, admin, ask: (path: string, init?: RequestInit) => fetch(url(path), init) }
}

t.test('alive from the start, ready only when nothing is against it', async (t) => {
  const { health, ask } = await open()
  const readiness = async () => {
    const response = await ask('/readyz')
    return [response.status, (await response.json()) as unknown]
  }
  t.equal((await ask('/healthz')).status, 200)
  t.strictSame(await readiness(), [503, { status: 'not ready', reasons: ['starting'] }])
  health.set('starting', false)
  t.strictSame(await readiness(), [200, { status: 'ready', reasons: [] }])
  health.set('draining', true)
  t.strictSame(await readiness(), [503, { status: 'not ready', reasons: ['draining'] }])
  t.equal((await ask('/healthz')).status, 200, 'draining is alive')
})

t.test('without its store an edge serves on: degraded is ready, starting and draining are not', async (t) => {
  const { health, ask } = await open()
  const seen = async () => {
    const response = await ask('/readyz')
    const [, lost] = /^acme_edge_store_lost (\d)$/m.exec(await (await ask('/metrics')).text()) ?? []
    return [response.status, (await response.json()) as unknown, lost]
  }
  health.set('store-lost', true)
  t.strictSame(await seen(), [503, { status: 'not ready', reasons: ['starting', 'store-lost'] }, '1'])
  health.set('starting', false)
  t.strictSame(await seen(), [200, { status: 'degraded', reasons: ['store-lost'] }, '1'])
  health.set('draining', true)
  t.strictSame(await seen(), [503, { status: 'not ready', reasons: ['store-lost', 'draining'] }, '1'])
  health.set('store-lost', false)
  t.strictSame(await seen(), [503, { status: 'not ready', reasons: ['draining'] }, '0'])
})

t.test('metrics in Prometheus text form', async (t) => {
  const { metrics, ask } = await open()
  metrics.observeRequest({ status: 200, verdict: 'pass', durationMs: 4, originMs: 2, wafMs: 0.06 })
  metrics.observeRequest({ status: 204, verdict: 'pass', durationMs: 700, originMs: undefined })
  metrics.observeRequest({ status: 403, verdict: 'block', durationMs: 1, originMs: undefined })
  metrics.observeRequest({ status: 0, verdict: 'drop', durationMs: 1, originMs: undefined })
  const response = await ask('/metrics')
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const lines = (await response.text()).split('\n')
  for (const line of [
    'acme_edge_requests_total{status="2xx",verdict="pass"} 2',
    'acme_edge_requests_total{status="4xx",verdict="block"} 1',
    'acme_edge_requests_total{status="none",verdict="drop"} 1',
    'acme_edge_request_duration_seconds_count 4',
    'acme_edge_request_duration_seconds_bucket{le="0.5"} 3',
    'acme_edge_origin_duration_seconds_count 1',
    'acme_edge_waf_duration_seconds_bucket{le="0.0001"} 1',
    'acme_edge_connections 3',
    'acme_edge_certificate_not_after_seconds{name="a.example"} 1700000000',
  ]) {
    t.ok(lines.includes(line), line)
  }
  t.ok(lines.some((line) => line.startsWith('process_resident_memory_bytes ')))
})

t.test('snapshots of several processes add up, and can be sent as JSON', async (t) => {
  const [first, second] = [createMetrics(sources), createMetrics(sources)]
  first.observeRequest({ status: 200, verdict: 'pass', durationMs: 4, originMs: 2 })
  second.observeRequest({ status: 200, verdict: 'pass', durationMs: 4, originMs: 2 })
  const snapshots = [await first.snapshot(), await second.snapshot()]
  const sent = JSON.parse(JSON.stringify(snapshots)) as object[][] // as IPC would hand them over
  const page = await renderMetrics(sent)
  t.match(page, /^acme_edge_requests_total\{status="2xx",verdict="pass"\} 2$/m)
  t.match(page, /^acme_edge_connections 6$/m)
  t.match(page, /^acme_edge_collections\{name="ip"\} 7$/m, 'each has all of them')
  t.match(page, /^acme_edge_certificate_not_after_seconds\{name="a\.example"\} 1700000000$/m)
  t.equal(await renderMetrics(sent), page, 'rendering leaves the snapshots as they were')
})

t.test('nothing else exists, and nothing can be changed', async (t) => {
  const { ask } = await open()
  const cases: [string, string][] = [
    ['GET', '/'],
    ['GET', '/metrics/'],
    ['GET', '/Healthz'],
    ['POST', '/healthz'],
    ['DELETE', '/metrics'],
    ['PUT', '/readyz'],
    ['OPTIONS', '/metrics'],
    ['GET', '/../healthz/x'],
  ]
  for (const [method, path] of cases) t.equal((await ask(path, { method })).status, 404, `${method} ${path}`)
  t.equal((await ask('/healthz', { method: 'HEAD' })).status, 200)
})

t.test('a port in use is one clear error', async (t) => {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  t.teardown(() => holder.close())
  const address = holder.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await t.rejects(
    startAdmin({ listen: { host: '127.0.0.1', port }, health: createHealth().snapshot, metrics: async () => '' }),
    {
      code: 'ACME_EDGE_LISTEN_FAILED',
      message: new RegExp(`127\\.0\\.0\\.1 port ${port}.*another program uses this port`),
    },
  )
})
