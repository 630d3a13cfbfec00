import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect } from 'node:tls'
import t, { type Test } from 'tap'
import { openFileStore } from '../../src/store/file-store.ts'
import { eventually, markerRules, spawnEdge, startEdgeProcess } from '../helpers/edge-process.ts'
import { type Pebble, pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()

t.test('with no edge running, issue answers the CA on the listener itself', { skip }, async (t) => {
  const { acmeEdge, folder } = await fixture(t)
  const run = await acmeEdge('issue', 'shop.example', 'www.shop.example')
  t.equal(run.code, 0, run.stderr)
  t.match(run.stdout, /no edge runs.*\n[\s\S]*account created[\s\S]*shop\.example: proven[\s\S]*certificate installed/)
  t.equal(run.stdout.includes('\u001b'), false, 'plain lines where nobody looks at a terminal')
  const leaf = new X509Certificate(await readFile(join(folder, 'certs/live/shop.example/cert.pem')))
  t.match(leaf.subjectAltName, /DNS:shop\.example/)
  const listed = await acmeEdge('list')
  t.match(listed.stdout, /^shop\.example {2}\d{4}-\d\d-\d\d \(\d+ days left\) {2}.*www\.shop\.example/)
  t.match(JSON.parse((await acmeEdge('list', '--json')).stdout), [{ name: 'shop.example', notAfter: String }])
  t.notMatch((await acmeEdge('list', '--json')).stdout, /PRIVATE KEY/)
})

t.test('--json gives one object a line and no secret', { skip }, async (t) => {
  const { acmeEdge } = await fixture(t)
  const run = await acmeEdge('issue', 'json.example', '--json')
  t.equal(run.code, 0, run.stderr)
  const lines = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.same(lines.map((line) => line.event).filter(Boolean), [
    'begin',
    'account',
    'order',
    'authorization',
    'authorization',
    'authorization',
    'finalized',
    'downloaded',
    'installed',
  ])
  t.match(lines.at(-1), { ok: true, certificate: { name: 'json.example', names: ['json.example'] } })
  t.notMatch(run.stdout, /PRIVATE KEY|keyAuthorization/)
})

t.test(
  'a running edge answers the CA and serves the certificate within a second, connections kept',
  { skip },
  async (t) => {
    const origin = createServer((_request, response) => response.end('from the origin'))
    origin.listen(0, '127.0.0.1')
    await once(origin, 'listening')
    t.teardown(() => origin.close())
    const pebbleFolder = join(t.testdir(), 'pebble')
    const edge = await startEdgeProcess({
      origins: [`http://127.0.0.1:${(origin.address() as AddressInfo).port}`],
      certificateFor: ['old.example'],
      extra: { acme: { directory: 'https://127.0.0.1:1/dir' } },
    })
    t.teardown(() => edge.stop())
    const pebble = await startPebble({ folder: pebbleFolder, httpPort: edge.httpPort })
    t.teardown(() => pebble.stop())
    const config = join(edge.folder, 'issue.yaml')
    const acme = { directory: pebble.directory, root_ca: pebble.rootCa }
    await writeFile(config, JSON.stringify({ ...edge.config(), acme }))
    const kept = connect({
      host: '127.0.0.1',
      port: edge.httpsPort,
      servername: 'old.example',
      rejectUnauthorized: false,
    })
    await once(kept, 'secureConnect')
    const run = spawnEdge(['issue', 'shop.example', '--config', config])
    const ended = await run.exited
    t.equal(ended.code, 0, run.stderr())
    t.match(run.stdout(), /the running edge answers/)
    await eventually(
      'the certificate is served',
      async () => (await servedNames(edge.httpsPort)).includes('shop.example'),
      1_000,
    )
    kept.write('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n')
    const [chunk] = await once(kept, 'data')
    t.match(String(chunk), /^HTTP\/1\.1 /, 'the connection from before is still served')
    kept.destroy()
  },
)

t.test('bad input and a CA at fault: one clear line and the right exit code', { skip }, async (t) => {
  const { acmeEdge, folder, pebble, config, writeConfig } = await fixture(t)
  const cases: readonly (readonly [string, number, RegExp, () => Promise<Run>])[] = [
    ['a wildcard', 2, /ACME_EDGE_ACME_NAME_INVALID.*DNS-01/, () => acmeEdge('issue', '*.shop.example')],
    ['no name', 2, /ACME_EDGE_USAGE/, () => acmeEdge('issue')],
    ['a bad time', 2, /ACME_EDGE_USAGE.*--timeout/, () => acmeEdge('issue', 'a.example', '--timeout', 'soon')],
    [
      'no acme section',
      2,
      /ACME_EDGE_ACME_NOT_CONFIGURED/,
      async () => {
        await writeConfig({ ...config, acme: undefined })
        return acmeEdge('issue', 'a.example')
      },
    ],
    [
      'an absent root_ca',
      2,
      /ACME_EDGE_ACME_ROOT_CA_UNREADABLE|ACME_EDGE_CONFIG/,
      async () => {
        await writeConfig({ ...config, acme: { ...config.acme, root_ca: 'absent.pem' } })
        return acmeEdge('issue', 'a.example')
      },
    ],
    [
      'a refused name',
      1,
      /ACME_EDGE_ACME_REFUSED.*rejectedIdentifier/,
      async () => {
        await writeConfig(config)
        return acmeEdge('issue', 'blocked-domain.example')
      },
    ],
    [
      'a store that is a file',
      1,
      /ACME_EDGE_STORE_UNREADABLE/,
      async () => {
        await writeFile(join(folder, 'file'), '')
        await writeConfig({ ...config, store: 'file:file' })
        return acmeEdge('issue', 'a.example')
      },
    ],
    [
      'a CA that is down',
      1,
      /ACME_EDGE_ACME_UNREACHABLE.*ECONNREFUSED/,
      async () => {
        await writeConfig(config)
        await pebble.stop()
        return acmeEdge('issue', 'a.example')
      },
    ],
  ]
  for (const [name, code, message, act] of cases) {
    const run = await act()
    t.equal(run.code, code, `${name}: ${run.stderr}`)
    t.match(run.stderr, message, name)
    t.equal(run.stderr.trim().split('\n').length, 1, `${name}: one line`)
  }
  t.equal(cases.length, 8)
})

t.test('Ctrl-C withdraws, leaves in order and the next run resumes', { skip }, async (t) => {
  const { folder, configFile, acmeEdge, config, writeConfig } = await fixture(t)
  const blind = createServer((_request, response) => response.writeHead(404).end())
  blind.listen(0, '127.0.0.1')
  await once(blind, 'listening')
  t.teardown(() => blind.close())
  await writeConfig({
    ...config,
    acme: { ...config.acme, directory: `http://127.0.0.1:${(blind.address() as AddressInfo).port}/` },
  })
  blind.removeAllListeners('request')
  const run = spawnEdge(['issue', 'late.example', '--config', configFile])
  await once(blind, 'request')
  run.child.kill('SIGINT')
  const ended = await run.exited
  t.equal(ended.code, 1)
  t.match(run.stderr(), /ACME_EDGE_ACME_ABORTED/)
  t.same(
    (await readdir(join(folder, 'certs'), { recursive: true })).filter((name) => name.endsWith('.tmp')),
    [],
  )
  blind.closeAllConnections()
  await writeConfig(config)
  t.equal((await acmeEdge('issue', 'late.example')).code, 0)
})

t.test('kill -9 at any moment loses neither account nor key, and the next run succeeds', { skip }, async (t) => {
  const { acmeEdge, configFile, folder } = await fixture(t)
  const first = await acmeEdge('issue', 'steady.example')
  t.equal(first.code, 0, first.stderr)
  const account = await accountOf(folder)
  const rounds = 20
  const moments: string[] = []
  for (let round = 0; round < rounds; round += 1) {
    const run = spawnEdge(['issue', 'killed.example', '--config', configFile, '--json'])
    await Promise.race([once(run.child.stdout, 'data'), run.exited])
    // An issuance takes a third of a second.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 400))
    run.child.kill('SIGKILL')
    await run.exited
    moments.push(String(run.stdout().trim().split('\n').at(-1)).slice(0, 60))
    t.same(await accountOf(folder), account, 'the same account and key')
  }
  t.notOk(
    moments.some((line) => line.includes('"ok":false')),
    'what a killed run left behind fails no later run',
  )
  t.comment(`killed after: ${moments.join(' | ')}`)
  const last = await acmeEdge('issue', 'killed.example')
  t.equal(last.code, 0, last.stderr)
  t.match(last.stdout, /account reused|certificate installed/)
  t.ok(existsSync(join(folder, 'certs/live/killed.example/privkey.pem')))
})

t.test('kill -9 during the very first run: the key that the CA may know is kept', { skip }, async (t) => {
  for (let round = 0; round < 4; round += 1) {
    const { acmeEdge, configFile, folder } = await fixture(t)
    const run = spawnEdge(['issue', 'first.example', '--config', configFile, '--json'])
    await Promise.race([once(run.child.stdout, 'data'), run.exited])
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 120))
    run.child.kill('SIGKILL')
    await run.exited
    const before = await accountOf(folder)
    const next = await acmeEdge('issue', 'first.example')
    t.equal(next.code, 0, next.stderr)
    if (before.key !== '') t.equal((await accountOf(folder)).key, before.key)
  }
})

interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function fixture(t: Test) {
  const folder = join(t.testdir(), `site-${Math.random().toString(36).slice(2)}`)
  await mkdir(folder)
  const pebble: Pebble = await startPebble({ folder: join(folder, 'pebble') })
  t.teardown(() => pebble.stop())
  const config = {
    listen: { http: [`127.0.0.1:${pebble.httpPort}`] },
    sites: [{ hosts: ['*'], origin: ['http://127.0.0.1:9'] }],
    waf: { mode: 'block', rules: [markerRules] },
    acme: { directory: pebble.directory, root_ca: pebble.rootCa, contact: ['mailto:ops@shop.example'] },
    store: 'file:certs',
  }
  const configFile = join(folder, 'edge.yaml')
  const writeConfig = (value: object) => writeFile(configFile, JSON.stringify(value))
  await writeConfig(config)
  const acmeEdge = async (command: string, ...args: string[]): Promise<Run> => {
    const run = spawnEdge([command, ...args, '--config', configFile])
    const { code } = await run.exited
    return { code, stdout: run.stdout(), stderr: run.stderr() }
  }
  return { folder, pebble, config, configFile, writeConfig, acmeEdge }
}

async function accountOf(folder: string): Promise<{ key: string; account: string }> {
  const store = await openFileStore({ folder: join(folder, 'certs'), log: { warn: () => undefined } })
  const keys = await store.list('accounts/')
  const read = async (file: string) =>
    String((await store.read(keys.find((key) => key.endsWith(file)) ?? 'none')) ?? '')
  return { key: await read('key.pem'), account: await read('account.json') }
}

async function servedNames(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: 'shop.example', rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().subjectaltname ?? ''
  } catch {
    return ''
  } finally {
    socket.destroy()
  }
}
