import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Options } from '../options.ts'
import type { BenchRequest } from '../requests/bench-request.ts'
import type { Outcome } from './own-engine.ts'

export interface TimeOptions {
  readonly file: string
  readonly seconds: number
  /** At least so many, however long it takes. */
  readonly minimum: number
}

export interface PeerTimes {
  /** Microseconds of each transaction. */
  readonly us: number[]
  /** Processor time of one. */
  readonly cpuUs: number
}

/** libmodsecurity in a Python process of its own, where no socket is between it and the request either. */
export class LibModSecurity {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string>
  #errors = ''

  constructor(python: string, cpu: number) {
    const script = join(import.meta.dirname, 'drive-libmodsecurity.py')
    this.#child = spawn('taskset', ['-c', String(cpu), python, script], { stdio: 'pipe' })
    this.#child.stderr?.on('data', (chunk) => {
      this.#errors += chunk
    })
    const { stdout } = this.#child
    if (stdout === null) throw new Error('no pipe to libmodsecurity')
    this.#answers = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  async load(file: string): Promise<string> {
    const { version } = (await this.#ask({ load: file })) as { version: string }
    return version
  }

  async inspect(requests: readonly BenchRequest[]): Promise<Outcome[]> {
    return (await this.#ask({ inspect: requests.map(toWire) })) as Outcome[]
  }

  /** One request is used again and again; of several each once at most. */
  async time(requests: readonly BenchRequest[], { file, seconds, minimum }: TimeOptions): Promise<PeerTimes> {
    writeFileSync(file, requests.map((request) => `${JSON.stringify(toWire(request))}\n`).join(''), 'latin1')
    return (await this.#ask({ time: file, seconds, min: minimum })) as PeerTimes
  }

  stop(): void {
    this.#child.stdin?.end()
  }

  async #ask(command: object): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`)
    const { value, done } = await this.#answers.next()
    if (done === true) throw new Error(`libmodsecurity ended: ${this.#errors}`)
    return JSON.parse(value)
  }
}

/** The Python that has the library: `--python PROGRAM`, else what the script installs; undefined where it cannot. */
export function findPython(options: Options): string | undefined {
  const script = join(import.meta.dirname, '../../scripts/install-libmodsecurity.sh')
  const install = () => spawnSync('sh', [script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 2] }).stdout
  const python = options.text('python', '') || install().trim().split('\n').at(-1)
  if (python === undefined || python === '') return undefined
  return spawnSync(python, ['-c', 'import libmodsecurity'], { stdio: 'ignore' }).status === 0 ? python : undefined
}

function toWire({ method, target, headers, body, response }: BenchRequest): object {
  const { status } = response
  return {
    method,
    target,
    headers,
    body: body?.toString('base64'),
    response: { status, headers: response.headers, body: response.body.toString('base64') },
  }
}
