import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { eventually, spawnEdge, startEdgeProcess } from '../helpers/edge-process.ts'
import { startFaultProxy } from '../helpers/fault-proxy.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'
import { isFullRun } from '../helpers/run-size.ts'

t.setTimeout(isFullRun ? 1_800_000 : 280_000)
const dyingCli = join(import.meta.dirname, '../helpers/dying-cli.ts')
const usualKills = 24
const atOnce = 3

t.test(
  '`issue` that gets SIGKILL at a change of a file: called again, it ends with the same order',
  { skip: pebbleMissing() },
  async (t) => {
    const { issue, orders, store, storeFolder, served, known } = await fixture(t)
    await issue('first.example') // makes the account
    const whole = await issue('whole.example')
    t.equal(whole.code, 0, whole.stderr)
    const changes = Number(/(\d+) changes/.exec(whole.stderr)?.[1])
    t.ok(changes > 60, `${changes} changes of files in a whole issuance`)
    const points = killPoints(changes)
    const left = points.map((point, i) => ({ point, name: `n${i}.example` }))
    let [killed, resumed] = [0, 0]
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { point, name } = next
        const first = await issue(name, point)
        t.equal(first.signal, 'SIGKILL', `${name} at ${point}: ${first.stderr}`)
        if (first.signal === 'SIGKILL') killed++
        await eventually(`no token of ${name} is served`, async () => (await served(name)).length === 0)
        const before = orders(name)
        const isDone =
          (await store.read(`orders/${name}.json`)) === undefined &&
          (await loadCertificate(storeFolder, name)) !== undefined
        if (!isDone) {
          const second = await issue(name)
          t.equal(second.code, 0, `${name} at ${point}: ${second.stderr}`)
          if (before > 0) resumed++
        }
        const certificate = await loadCertificate(storeFolder, name) // throws for a key that does not fit
        t.same(certificate?.names, [name], `${name} at ${point}`)
        t.equal(orders(name), 1, `${name} at ${point}: one order`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    t.equal(killed, points.length)
    t.ok(killed >= 20)
    t.ok(resumed > killed / 4, `${resumed} went on with the order`)
    t.equal(orders(''), points.length + 2, 'orders that the CA saw')
    t.same(await store.list('orders/'), [])
    t.equal((await store.list('accounts/')).length, 2, 'one account')
    t.same(await served(''), [], 'no token is served any more')
    t.ok(known() > killed, `${known()} tokens looked at`)
    t.comment(`${changes} changes, ${killed} killed, ${orders('')} orders, ${resumed} resumed`)
  },
)

t.test('`issue` that gets SIGKILL at a request, which the CA got or did not', { skip: pebbleMissing() }, async (t) => {
  const { issue, killAt, orders, store, storeFolder, served } = await fixture(t)
  await issue('first.example') // makes the account
  const requests = ['/order-plz', '/authZ', '/chalZ', '/finalize-order', '/my-order', '/certZ']
  let [killed, all] = [0, 0]
  for (const path of requests) {
    for (const kind of ['hang', 'lose reply'] as const) {
      const name = `r${killed}.example`
      const what = `${path}, ${kind}`
      killAt({ path, kind })
      t.equal((await issue(name)).signal, 'SIGKILL', what)
      killed++
      await eventually(`no token of ${name} is served`, async () => (await served(name)).length === 0)
      const second = await issue(name)
      t.equal(second.code, 0, `${what}: ${second.stderr}`)
      t.same((await loadCertificate(storeFolder, name))?.names, [name], what) // throws for a key that does not fit
      // Of an order that the CA never got, the next run sends the first. One whose challenge the CA was told of is lost when it
      // looked while nobody answered.
      const most = (path === '/order-plz' && kind === 'hang') || (path === '/chalZ' && kind === 'lose reply') ? 2 : 1
      t.ok(orders(name) >= 1 && orders(name) <= most, `${what}: ${orders(name)} newOrder`)
      all += orders(name)
    }
  }
  t.equal(killed, 12)
  t.equal(orders(''), all + 1)
  t.same(await store.list('orders/'), [])
  t.same(await served(''), [], 'no token is served any more')
  t.comment(`${killed} killed, ${all} newOrder`)
})

t.test(
  'an edge that gets SIGKILL while it gets a certificate: the next start goes on',
  { skip: pebbleMissing() },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'acme-edge-killed-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const pebble = await startPebble({ folder })
    t.teardown(() => pebble.stop())
    let edge: ReturnType<typeof spawnEdge> | undefined
    t.teardown(() => edge?.child.kill('SIGKILL'))
    let trap: Trap | undefined
    const proxy = await startFaultProxy(pebble, ({ path }) => {
      if (trap === undefined || !path.startsWith(trap.path)) return undefined
      const { kind } = trap
      trap = undefined
      edge?.child.kill('SIGKILL')
      return { kind }
    })
    t.teardown(() => proxy.close())
    const [httpsPort] = await freePorts(1)
    const file = join(folder, 'edge.yaml')
    const config = (name: string) => ({
      listen: { http: [`127.0.0.1:${pebble.httpPort}`], https: [`127.0.0.1:${httpsPort}`] },
      sites: [{ hosts: ['*'], origin: ['http://127.0.0.1:1'] }],
      waf: { mode: 'off' },
      acme: { directory: proxy.directory, root_ca: pebble.rootCa, certificates: [{ names: [name] }] },
      log: { access: 'off' },
    })
    const certificates = join(folder, 'certs')
    const orders = (name: string) =>
      proxy.seen.filter(({ path, payload }) => path.startsWith('/order-plz') && payload.includes(name)).length
    const traps: readonly Trap[] = [
      { path: '/order-plz', kind: 'lose reply' },
      { path: '/chalZ', kind: 'hang' },
      { path: '/finalize-order', kind: 'lose reply' },
      { path: '/certZ', kind: 'lose reply' },
    ]
    for (const [i, next] of traps.entries()) {
      const name = `k${i}.example`
      await writeFile(file, JSON.stringify(config(name)))
      trap = next
      edge = spawnEdge(['run', '--config', file])
      t.equal((await edge.exited).signal, 'SIGKILL', `${next.path}: ${edge.stderr()}`)
      const again = spawnEdge(['run', '--config', file])
      edge = again
      await eventually(
        `a certificate for ${name}`,
        async () => (await loadCertificate(certificates, name)) !== undefined,
        30_000,
      )
      t.equal(orders(name), 1, next.path)
      const store = await openFileStore({ folder: certificates, log: { warn: () => undefined } })
      await eventually('nothing is left of the order', async () => (await store.list('orders/')).length === 0)
      again.child.kill('SIGTERM')
      t.equal((await again.exited).code, 0, again.stderr())
    }
    t.equal(orders(''), traps.length)
  },
)

/** All of them in full runs, else some that lie evenly. */
function killPoints(changes: number): string[] {
  const moments = ['before', 'half', 'after']
  if (isFullRun) return Array.from({ length: changes * 3 }, (_, i) => `${Math.floor(i / 3) + 1} ${moments[i % 3]}`)
  const step = (changes - 1) / (usualKills - 1)
  return Array.from({ length: usualKills }, (_, i) => `${Math.round(1 + i * step)} ${moments[i % 3]}`)
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A request at which the process is killed; `hang`: the CA does not get it. */
interface Trap {
  readonly path: string
  readonly kind: 'hang' | 'lose reply'
}

/** An edge that answers the CA, a Pebble whose orders are counted, and `issue` as a process of its own. */
async function fixture(t: Test) {
  const edge = await startEdgeProcess({
    origins: ['http://127.0.0.1:1'],
    mode: 'off',
    extra: { acme: { directory: 'https://127.0.0.1:1/dir' } },
  })
  t.teardown(() => edge.stop())
  const pebble = await startPebble({ folder: t.testdir(), httpPort: edge.httpPort })
  t.teardown(() => pebble.stop())
  const tokens: { readonly host: string; readonly token: string }[] = []
  const noteToken = (body: string) => {
    const host = /"value":\s*"([^"]+)"/.exec(body)?.[1]
    for (const [, token] of body.matchAll(/"token":\s*"([^"]+)"/g))
      tokens.push({ host: String(host), token: String(token) })
    return body
  }
  let trap: Trap | undefined
  let running: ChildProcess | undefined
  const proxy = await startFaultProxy(pebble, ({ path }) => {
    if (trap !== undefined && path.startsWith(trap.path)) {
      const { kind } = trap
      trap = undefined
      running?.kill('SIGKILL')
      return { kind }
    }
    return path.startsWith('/authZ') ? { kind: 'rewrite', change: noteToken } : undefined
  })
  t.teardown(() => proxy.close())
  const config = join(edge.folder, 'issue.yaml')
  await writeFile(
    config,
    JSON.stringify({ ...edge.config(), acme: { directory: proxy.directory, root_ca: pebble.rootCa } }),
  )
  const issue = async (name: string, dieAt = ''): Promise<Ended> => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', dyingCli, 'issue', name, '--config', config],
      {
        env: { ...process.env, DIE_AT: dieAt },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    running = child
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk
    })
    const late = setTimeout(() => child.kill('SIGTERM'), 90_000)
    const [code, signal] = await once(child, 'close')
    clearTimeout(late)
    return { code, signal, stderr }
  }
  const orders = (name: string) =>
    proxy.seen.filter(({ path, payload }) => path.startsWith('/order-plz') && payload.includes(name)).length
  /** The tokens of that name which the edge answers with 200. */
  const served = async (name: string) => {
    const found: string[] = []
    for (const { host, token } of tokens.filter(({ host }) => host.includes(name))) {
      const path = `/.well-known/acme-challenge/${token}`
      const request = get({ host: '127.0.0.1', port: edge.httpPort, path, headers: { host }, agent: false })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.resume()
      if (response.statusCode === 200) found.push(`${host} ${token}`)
    }
    return found
  }
  const store = await openFileStore({ folder: edge.storeFolder, log: { warn: () => undefined } })
  const killAt = (next: Trap) => {
    trap = next
  }
  return { issue, killAt, orders, store, storeFolder: edge.storeFolder, served, known: () => tokens.length }
}
