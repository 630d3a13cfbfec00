import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { markerRules, spawnEdge } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { redisMissing, startRedis } from '../helpers/redis.ts'

async function folderWith(
  t: Test,
  config: Record<string, unknown> | string,
): Promise<{ folder: string; config: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-errors-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'edge.yaml')
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config, null, 2))
  return { folder, config: file }
}

async function minimal(): Promise<Record<string, unknown>> {
  const [port] = await freePorts(1)
  return {
    listen: { http: [`127.0.0.1:${port}`] },
    sites: [{ hosts: ['shop.example'], origin: ['http://127.0.0.1:9'] }],
    waf: { rules: [markerRules] },
    store: 'file:store',
  }
}

/** Runs the edge where it must end by itself; gives its exit code and what it said. */
async function run(t: Test, args: readonly string[]): Promise<{ code: number | null; stderr: string; stdout: string }> {
  const edge = spawnEdge(args)
  const timer = setTimeout(() => edge.child.kill('SIGKILL'), 10_000)
  const { code } = await edge.exited
  clearTimeout(timer)
  t.notMatch(edge.stderr(), /\n\s+at .*\.(ts|js):\d+/, 'no stack trace')
  return { code, stderr: edge.stderr(), stdout: edge.stdout() }
}

t.test('bad usage is 2', async (t) => {
  for (const args of [['run', '--no-such-flag'], ['no-such-command'], ['run', '--config']]) {
    const { code, stderr } = await run(t, args)
    t.equal(code, 2, args.join(' '))
    t.ok(stderr.length > 0)
  }
})

t.test('a config that is missing or wrong is 2, every problem with its place', async (t) => {
  const missing = await run(t, ['run', '--config', '/no/such/edge.yaml'])
  t.equal(missing.code, 2)
  t.match(missing.stderr, /\/no\/such\/edge\.yaml/)
  const { config } = await folderWith(t, 'listen:\n  http: ["127.0.0.1:99999"]\nsite: []\nworkers: many\n')
  const { code, stderr } = await run(t, ['run', '--config', config])
  t.equal(code, 2)
  for (const place of ['edge.yaml:2:', 'edge.yaml:3:', 'edge.yaml:4:']) t.match(stderr, place)
  t.match(stderr, /\^/, 'with a caret')
  t.match(stderr, /sites/, 'names the nearest key')
})

t.test('a bad rule file is 2 and names the place', async (t) => {
  const { folder, config } = await folderWith(t, { ...(await minimal()), waf: { rules: ['bad.conf'] } })
  writeFileSync(join(folder, 'bad.conf'), '# comment\nSecRule ARGS "@noSuchOperator x" "id:1,phase:1,pass"\n')
  const { code, stderr } = await run(t, ['run', '--config', config])
  t.equal(code, 2)
  t.match(stderr, /bad\.conf:2:\d+/)
  t.match(stderr, /noSuchOperator/)
})

t.test('a port in use is 1 and one line', async (t) => {
  const taken = net.createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void taken.close())
  const { port } = taken.address() as net.AddressInfo // a TCP server's address is an AddressInfo
  for (const workers of [1, 2]) {
    const { config } = await folderWith(t, { ...(await minimal()), listen: { http: [`127.0.0.1:${port}`] }, workers })
    const { code, stderr } = await run(t, ['run', '--config', config])
    t.equal(code, 1, `${workers} workers`)
    t.equal(stderr.trim().split('\n').length, 1, 'one line', { stderr })
    t.match(stderr, String(port))
  }
})

t.test('two edges cannot share a port', async (t) => {
  for (const workers of [1, 2]) {
    const settings = { ...(await minimal()), workers }
    const [first, second] = [await folderWith(t, settings), await folderWith(t, settings)]
    const running = spawnEdge(['run', '--config', first.config])
    const deadline = Date.now() + 10_000
    while (!/ready/.test(running.stderr()) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50))
    const { code } = await run(t, ['run', '--config', second.config])
    t.equal(code, 1, `${workers} workers`)
    running.child.kill('SIGTERM')
    t.same(await running.exited, { code: 0, signal: null }, 'the first one lived on')
  }
})

t.test('a store that cannot be used is 1 and one line', async (t) => {
  const { folder, config } = await folderWith(t, await minimal())
  writeFileSync(join(folder, 'store'), 'not a folder')
  const { code, stderr } = await run(t, ['run', '--config', config])
  t.equal(code, 1)
  t.equal(stderr.trim().split('\n').length, 1, 'one line', { stderr })
  t.match(stderr, /store/)
})

t.test('a Redis that can never be the store is 2 and one line', { skip: redisMissing() }, async (t) => {
  const { folder, config } = await folderWith(t, '')
  const [clusterPort] = await freePorts(1)
  const redis = await startRedis({ folder: join(folder, 'redis'), clusterPort: Number(clusterPort) })
  t.teardown(() => redis.stop())
  writeFileSync(config, JSON.stringify({ ...(await minimal()), store: redis.url }))
  const { code, stderr } = await run(t, ['run', '--config', config])
  t.equal(code, 2)
  t.match(stderr, /Redis Cluster.*cluster-enabled/)
  t.equal(stderr.trim().split('\n').length, 1)
})

t.test('a log that cannot be written is 1 and one line', async (t) => {
  const settings = await minimal()
  const { folder, config } = await folderWith(t, {
    ...settings,
    waf: { rules: [markerRules], error_log: 'logs/waf.log' },
  })
  mkdirSync(join(folder, 'logs/waf.log'), { recursive: true })
  const { code, stderr } = await run(t, ['run', '--config', config])
  t.equal(code, 1)
  t.equal(stderr.trim().split('\n').length, 1, 'one line', { stderr })
})

t.test('a damaged certificate does not keep the others from being served', async (t) => {
  const settings = await minimal()
  const [port] = await freePorts(1)
  const { folder, config } = await folderWith(t, {
    ...settings,
    listen: { ...(settings.listen as object), https: [`127.0.0.1:${port}`] },
  }) // a map, above
  mkdirSync(join(folder, 'store/live/broken.example'), { recursive: true, mode: 0o700 })
  for (const file of ['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem'])
    writeFileSync(join(folder, 'store/live/broken.example', file), 'garbage')
  const edge = spawnEdge(['run', '--config', config])
  const deadline = Date.now() + 10_000
  while (!/ready/.test(edge.stderr()) && edge.child.exitCode === null && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50))
  t.match(edge.stderr(), /ready/)
  t.match(edge.stderr(), /broken\.example/, 'and it says which')
  edge.child.kill('SIGTERM')
  t.equal((await edge.exited).code, 0)
})
