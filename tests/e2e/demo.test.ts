import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { eventually } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const store = `${root}certs/demo`
/** The promise is 10 s on an ordinary machine; a busy one may take longer before this test calls it broken. */
const startTimeoutMs = 30_000

interface Demo {
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | string | null>
}

t.test('npm start issues, serves, allows and blocks, and leaves nothing behind', async (t) => {
  const hasCurl = spawnSync('curl', ['--version']).status === 0
  t.ok(hasCurl || process.env.CI !== 'true', 'curl is there')
  const roots = new Set<string>()
  const serials = new Set<string>()
  for (const round of ['with flags', 'with environment variables']) {
    const [http = 0, https = 0] = await freePorts(2)
    const demo =
      round === 'with flags'
        ? startDemo(t, ['--http-port', `${http}`, '--https-port', `${https}`])
        : startDemo(t, [], { PORT: `${http}`, HTTPS_PORT: `${https}` })
    await ready(demo)
    t.match(demo.output.stdout, /token for demo\.localhost published on the edge/, round)
    t.match(demo.output.stdout, /GET demo\.localhost\/\.well-known\/acme-challenge\/[\w-]{43}: 200, challenge/, round)

    const examples = demo.output.stdout.split('\n').filter((line) => line.startsWith('curl'))
    t.equal(examples.length, 3, 'three requests to try')
    for (const line of examples) t.match(line, `http://127.0.0.1:${http}/`)
    if (hasCurl) t.same(await Promise.all(examples.map(statusOf)), [200, 403, 403], round)
    else t.comment('the printed requests are skipped: no curl')

    const rootPem = await readFile(`${store}/ca.pem`, 'utf8')
    const certificate = await servedCertificate(https, rootPem)
    t.equal(certificate.subjectaltname, 'DNS:demo.localhost')
    roots.add(rootPem)
    serials.add(certificate.serialNumber)

    interrupt(demo, round === 'with flags' ? 'SIGINT' : 'SIGTERM')
    await gone(t, demo, [http, https])
    // npm sends the signal on to a program that has had it from the terminal; if that is gone by then, npm ends by the signal.
    if (round === 'with flags') t.ok([0, 'SIGINT'].includes((await demo.exited) ?? ''), 'Ctrl-C is no failure')
  }
  t.equal(roots.size, 1, 'the CA is kept')
  t.equal(serials.size, 2, 'each start issues')
  const files = await readdir(store, { recursive: true, withFileTypes: true })
  t.same(
    files.filter((entry) => entry.name.endsWith('.tmp')),
    [],
    'no half-written file',
  )
  t.equal((await stat(`${store}/live/demo.localhost/privkey.pem`)).mode & 0o777, 0o600)
})

t.test('Ctrl-C while it starts leaves no process', async (t) => {
  const [http = 0, https = 0] = await freePorts(2)
  const demo = startDemo(t, ['--http-port', `${http}`, '--https-port', `${https}`], {}, [
    `${root}bin/acme-edge`,
    'demo',
  ])
  await eventually('the first line', () => demo.output.stdout.includes('origin'), startTimeoutMs)
  interrupt(demo, 'SIGINT')
  await gone(t, demo, [http, https])
  t.equal(await demo.exited, 0)
  t.notMatch(demo.output.stderr, /Error|ACME_EDGE/)
})

t.test('a port in use is one line with the port and the flag', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const [free = 0] = await freePorts(1)
  let ran = 0
  for (const [http, https] of [
    [port, free],
    [free, port],
  ]) {
    const demo = startDemo(t, ['--http-port', `${http}`, '--https-port', `${https}`])
    t.equal(await demo.exited, 1)
    const lines = demo.output.stderr.split('\n').filter((line) => line.startsWith('acme-edge:'))
    t.equal(lines.length, 1, demo.output.stderr)
    t.match(lines[0], new RegExp(`127\\.0\\.0\\.1:${port}: the port is in use.*--http-port N`))
    await gone(t, demo, [free])
    ran++
  }
  t.equal(ran, 2)
})

t.test('bad ports are bad usage', async (t) => {
  const cases = [
    ['--http-port', '0'],
    ['--http-port', '65536'],
    ['--https-port', 'x'],
    ['--http-port', '8443'],
    ['extra'],
  ]
  let ran = 0
  for (const args of cases) {
    const { status, stderr } = spawnSync(`${root}bin/acme-edge`, ['demo', ...args], { encoding: 'utf8' })
    t.equal(status, 2, args.join(' '))
    t.match(stderr, /^acme-edge: ACME_EDGE_USAGE: .+\n$/, args.join(' '))
    ran++
  }
  t.equal(ran, 5)
})

/** In a process group of its own, as a terminal starts it. */
function startDemo(
  t: Test,
  args: readonly string[],
  env: Record<string, string> = {},
  [program = '', ...words]: readonly string[] = ['npm', 'start', '--'],
): Demo {
  const child = spawn(program, [...words, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
  })
  const exited = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  t.teardown(() => hasProcess(child) && process.kill(-Number(child.pid), 'SIGKILL'))
  return { child, output, exited }
}

async function ready(demo: Demo): Promise<void> {
  const isReady = () => {
    if (demo.child.exitCode !== null) throw new Error(`the demo ended early: ${demo.output.stderr}`)
    return demo.output.stdout.includes('In a browser:')
  }
  await eventually('the demo is ready', isReady, startTimeoutMs)
}

/** A terminal sends the signal to everything in its foreground group: npm, the shell and the program. */
function interrupt(demo: Demo, signal: NodeJS.Signals): void {
  process.kill(-Number(demo.child.pid), signal)
}

async function gone(t: Test, demo: Demo, ports: readonly number[]): Promise<void> {
  await eventually('every process has ended', () => !hasProcess(demo.child), 10_000)
  for (const port of ports) await t.rejects(fetch(`http://127.0.0.1:${port}/`), `nothing listens on ${port}`)
}

function hasProcess(child: ChildProcess): boolean {
  try {
    return process.kill(-Number(child.pid), 0)
  } catch {
    return false
  }
}

function statusOf(line: string): Promise<number> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', line], (error, stdout) => {
      if (error) reject(error)
      else resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(stdout)?.[1]))
    })
  })
}

/** The certificate that a client sees which trusts nothing but the demo's root. */
function servedCertificate(port: number, ca: string): Promise<{ subjectaltname?: string; serialNumber: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca, servername: 'demo.localhost' })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate())
      socket.destroy()
    })
  })
}
