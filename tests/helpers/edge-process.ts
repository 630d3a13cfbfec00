import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ControlClient, connectControl } from '../../src/control/client.ts'
import type { HostName } from '../../src/http.ts'
import { writeCertificate } from './certificate.ts'
import { freePorts } from './free-ports.ts'

const launcher = fileURLToPath(new URL('../../bin/acme-edge', import.meta.url))
/** Logs every request (rule 900001) and denies with 403 whatever carries `attack-marker` (rules 9001xx). */
export const markerRules = fileURLToPath(new URL('../fixtures/marker.conf', import.meta.url))
/** Like `markerRules`, but reads no variable that depends on the path. */
export const pathBlindRules = fileURLToPath(new URL('../fixtures/path-blind.conf', import.meta.url))

export interface EdgeOptions {
  readonly origins: readonly string[]
  readonly hosts?: readonly string[]
  readonly rules?: readonly string[]
  readonly mode?: 'block' | 'detect' | 'off'
  /** Names of a self-signed certificate; an https listener opens when given. */
  readonly certificateFor?: readonly string[]
  readonly limits?: Record<string, unknown>
  /** Merged over the top level of the config. */
  readonly extra?: Record<string, unknown>
  readonly logLevel?: string
  /** URL of a Redis as the store; certificates and control socket are in `cache` then. */
  readonly redis?: string
  /** Opens an https listener without a certificate of its own. */
  readonly https?: boolean
  /** A folder of certificates that is copied to be this edge's `cache`, as it would be there after a restart. */
  readonly copyCache?: string
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface EdgeProcess {
  readonly httpPort: number
  readonly httpsPort: number
  readonly adminPort: number
  readonly folder: string
  readonly storeFolder: string
  readonly pid: number
  readonly exited: Promise<Exit>
  stderr(): string
  errorLog(): string
  /** Access records once there are at least `count`, or what there is after 2 s. */
  accessRecords(count?: number): Promise<AccessRecord[]>
  config(): Record<string, unknown>
  writeConfig(config: Record<string, unknown> | string): void
  signal(name: NodeJS.Signals): void
  publish(host: string, token: string, options?: { expiresInMs?: number; timeoutMs?: number }): Promise<string>
  withdraw(host: string, token: string): Promise<void>
  stop(): Promise<Exit>
}

export type AccessRecord = Record<string, unknown>

/** Starts the program as an operator does, waits until it serves, and gives a handle on it. */
export async function startEdgeProcess(options: EdgeOptions): Promise<EdgeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-e2e-'))
  const [httpPort = 0, httpsPort = 0, adminPort = 0] = await freePorts(3)
  const storeFolder = join(folder, options.redis === undefined ? 'store' : 'cache')
  if (options.copyCache !== undefined) copyCache(options.copyCache, storeFolder)
  if (options.certificateFor) await writeCertificate(storeFolder, options.certificateFor)
  const config = edgeConfig(options, { httpPort, httpsPort, adminPort })
  const configFile = join(folder, 'edge.yaml')
  writeFileSync(configFile, JSON.stringify(config, null, 2))
  const run = spawnEdge(['run', '--config', configFile])
  await waitUntilReady(run, adminPort)
  const { pid = -1 } = run.child
  const control = controlOf(storeFolder)
  void run.exited.then(({ code, signal }) => {
    if (code !== 0) process.stderr.write(`the edge ended with ${code ?? signal}:\n${run.stderr().slice(-4_000)}\n`)
  })
  const stop = async () => {
    await control.close()
    run.child.kill('SIGTERM')
    const exit = await withTimeout(run.exited, 15_000, () => run.child.kill('SIGKILL'))
    rmSync(folder, { recursive: true, force: true })
    return exit
  }
  return {
    ...{ httpPort, httpsPort, adminPort, folder, storeFolder, pid, stop },
    exited: run.exited,
    stderr: run.stderr,
    errorLog: () => readIfThere(join(folder, 'logs/waf.log')),
    accessRecords: (count = 0) => readRecords(join(folder, 'logs/access.jsonl'), count),
    config: () => structuredClone(config),
    writeConfig: (next) => writeFileSync(configFile, typeof next === 'string' ? next : JSON.stringify(next)),
    signal: (name) => void run.child.kill(name),
    publish: control.publish,
    withdraw: control.withdraw,
  }
}

/** Spawns the launcher with any arguments; for commands that are expected to end by themselves. */
export function spawnEdge(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const env = { ...process.env, ...options.env }
  const child = spawn(launcher, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString('latin1')
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString('latin1')
  })
  const exited = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  return { child, exited, stdout: () => output.stdout, stderr: () => output.stderr }
}

/** Polls until the condition holds; throws with the description when the time is over. */
export async function eventually(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 5_000) {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function edgeConfig(options: EdgeOptions, ports: { httpPort: number; httpsPort: number; adminPort: number }) {
  const https = options.certificateFor || options.https ? { https: [`127.0.0.1:${ports.httpsPort}`] } : {}
  return {
    listen: { http: [`127.0.0.1:${ports.httpPort}`], ...https },
    sites: [{ hosts: options.hosts ?? ['shop.example', '*.shop.example'], origin: options.origins }],
    waf: { mode: options.mode ?? 'block', rules: options.rules ?? [markerRules], error_log: 'logs/waf.log' },
    store: options.redis ?? 'file:store',
    admin: { listen: `127.0.0.1:${ports.adminPort}` },
    log: { access: 'logs/access.jsonl' },
    ...(options.limits ? { limits: options.limits } : {}),
    ...options.extra,
  } as Record<string, unknown> // tests change single keys of it
}

async function waitUntilReady(run: { child: ChildProcess; stderr(): string }, adminPort: number): Promise<void> {
  const ready = async () => {
    if (run.child.exitCode !== null) throw new Error(`the edge ended early (${run.child.exitCode}): ${run.stderr()}`)
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined)
    return answer?.ok === true
  }
  try {
    await eventually('the edge is ready', ready, 20_000)
  } catch (error) {
    run.child.kill('SIGKILL')
    throw new Error(`${String(error)}\n${run.stderr()}`)
  }
}

/** One connection for the edge's whole life: what a connection has published is withdrawn when it closes. */
function controlOf(storeFolder: string) {
  let connection: Promise<ControlClient> | undefined
  const open = () => {
    connection ??= connectControl(storeFolder).then((client) => {
      if (client) return client
      throw new Error('the edge does not listen on its control socket')
    })
    return connection
  }
  return {
    async publish(host: string, token: string, options: { expiresInMs?: number; timeoutMs?: number } = {}) {
      const keyAuthorization = `${token}.thumbprint-of-the-account-key`
      const expiresAtMs = Date.now() + (options.expiresInMs ?? 600_000)
      const challenge = { host: host as HostName, token, keyAuthorization, expiresAtMs } // tests pass canonical names
      await (await open()).publish(challenge, AbortSignal.timeout(options.timeoutMs ?? 5_000))
      return keyAuthorization
    },
    async withdraw(host: string, token: string): Promise<void> {
      await (await open()).withdraw({ host: host as HostName, token }, AbortSignal.timeout(5_000)) // as above
    },
    close: () => connection?.then((client) => client.close()).catch(() => undefined),
  }
}

/** Without what only a running process has. */
function copyCache(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('control.sock') })
}

async function readRecords(file: string, count: number): Promise<AccessRecord[]> {
  const read = () => readIfThere(file).split('\n').filter(Boolean)
  for (let waited = 0; waited < 2_000 && read().length < count; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return read().map((line) => JSON.parse(line) as AccessRecord) // one JSON object a line
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number, onTimeout: () => void): Promise<T> {
  const timer = setTimeout(onTimeout, timeoutMs)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}
