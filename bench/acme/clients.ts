import { type ExecFileOptions, execFile, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pebble } from '../../tests/helpers/pebble.ts'

/** A client with an account of its own at one CA, which it keeps from round to round. */
export interface BenchClient {
  readonly name: string
  /** Gets a certificate for each name, one after the other; the wall time of each in milliseconds. */
  issue(names: readonly string[]): Promise<number[]>
}

const repository = join(import.meta.dirname, '../..')
const startTimeoutMs = 30_000

/** acme-edge runs, answers the challenges on its HTTP listener and serves what it gets; the client beside it orders. */
export function ownClient(folder: string, pebble: Pebble): BenchClient {
  const file = join(folder, 'edge.yaml')
  const config = {
    listen: { http: [`127.0.0.1:${pebble.httpPort}`] },
    sites: [{ hosts: ['*'], origin: ['http://127.0.0.1:9'] }],
    waf: { mode: 'block', rules: ['@acme-edge'] },
    acme: { directory: pebble.directory, root_ca: pebble.rootCa },
    store: 'file:store',
    log: { access: 'off' },
  }
  writeFileSync(file, JSON.stringify(config))
  return {
    name: 'acme-edge',
    async issue(names) {
      const edge = await startEdge(folder, file)
      try {
        const words = [join(import.meta.dirname, 'own-client.ts'), file, ...names]
        return parseTimes(await run(process.execPath, words, {}))
      } finally {
        await edge.stop()
      }
    },
  }
}

/** lego's library with its own listener for challenges, which it opens for each. */
export function legoClient(program: string, folder: string, pebble: Pebble): BenchClient {
  const always = [
    '-server',
    pebble.directory,
    '-http',
    `127.0.0.1:${pebble.httpPort}`,
    '-key',
    join(folder, 'lego.key'),
  ]
  return {
    name: 'lego',
    async issue(names) {
      const env = { ...process.env, LEGO_CA_CERTIFICATES: pebble.rootCa }
      return parseTimes(await run(program, [...always, ...names], { env }))
    },
  }
}

async function startEdge(folder: string, file: string): Promise<{ stop(): Promise<void> }> {
  const child = spawn(join(repository, 'bin/acme-edge'), ['run', '--config', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk
  })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const deadline = performance.now() + startTimeoutMs
  while (!existsSync(join(folder, 'store/control.sock'))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`the edge does not start: ${errors}`)
    await sleep(20)
  }
  return {
    async stop() {
      child.kill('SIGTERM')
      await exited
      process.removeListener('exit', kill)
    },
  }
}

function run(program: string, words: readonly string[], options: ExecFileOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { ...options, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${stderr || error.message}`))
      else resolve(String(stdout)) // the encoding is set
    })
  })
}

function parseTimes(output: string): number[] {
  const lines = output.trim().split('\n').filter(Boolean)
  return lines.map((line) => (JSON.parse(line) as { ms: number }).ms) // the clients' own format
}
