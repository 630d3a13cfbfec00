import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { type Exchange, forOracle } from './exchange.ts'
import type { EngineOutcome } from './outcome.ts'

/** `crashed`: the process ended; it is started again for the next question. */
export type OracleAnswer =
  | { readonly kind: 'judged'; readonly outcomes: readonly EngineOutcome[] }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'crashed' }

/** Rule sets that the process keeps. */
const KEPT = 32

interface OracleProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly lines: AsyncIterator<string>
  /** Numbers of the rule sets that it has loaded, by their text; the least recently used first. */
  readonly loaded: Map<string, number>
}

/** Real ModSecurity in a process of its own. One question at a time. */
export class Oracle {
  readonly #python: string
  #process: OracleProcess | undefined
  #number = 0

  constructor(python: string) {
    this.#python = python
  }

  async judge(rules: string, exchanges: readonly Exchange[]): Promise<OracleAnswer> {
    try {
      const found = await this.#load(rules)
      if (typeof found === 'string') return { kind: 'refused', reason: found }
      const { outcomes } = (await this.#ask({ run: found, exchanges: exchanges.map(forOracle) })) as RunAnswer // oracle.py's
      return { kind: 'judged', outcomes: outcomes.map(toOutcome) }
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.close()
      return { kind: 'crashed' }
    }
  }

  close(): void {
    this.#process?.child.kill()
    this.#process = undefined
  }

  /** The rule set's number, or why it is refused. */
  async #load(rules: string): Promise<number | string> {
    const { loaded } = this.#running()
    const known = loaded.get(rules)
    loaded.delete(rules)
    const number = known ?? ++this.#number
    if (known === undefined) {
      const { error } = (await this.#ask({ load: number, rules })) as LoadAnswer // oracle.py's
      if (error !== null) return error
    }
    loaded.set(rules, number)
    const [[text, oldest] = []] = loaded
    if (loaded.size > KEPT && text !== undefined) {
      loaded.delete(text)
      await this.#ask({ forget: oldest })
    }
    return number
  }

  async #ask(order: object): Promise<unknown> {
    const { child, lines } = this.#running()
    child.stdin.write(`${JSON.stringify(order)}\n`)
    const line = await lines.next()
    if (line.done === true) throw new Crash()
    const answer: unknown = JSON.parse(line.value)
    if (typeof answer === 'object' && answer !== null && 'failed' in answer) throw new Error(String(answer.failed))
    return answer
  }

  #running(): OracleProcess {
    if (this.#process !== undefined) return this.#process
    const script = join(import.meta.dirname, 'oracle.py')
    // libxml2 speaks of broken documents on stderr; oracle.py says all in its answers.
    const child = spawn(this.#python, [script], { stdio: ['pipe', 'pipe', 'ignore'] })
    // A write to a process that has ended: the answer that does not come tells of it.
    child.stdin.on('error', () => {})
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    this.#process = { child, lines, loaded: new Map() }
    return this.#process
  }
}

class Crash extends Error {}

interface LoadAnswer {
  readonly error: string | null
}

interface RunAnswer {
  readonly outcomes: readonly {
    readonly verdict: { readonly status: number; readonly isRedirect: boolean } | null
    readonly matches: readonly (readonly [number, string | null])[]
  }[]
}

function toOutcome({ verdict, matches }: RunAnswer['outcomes'][number]): EngineOutcome {
  return {
    verdict: verdict === null ? 'pass' : verdict.isRedirect ? 'redirect' : `block ${verdict.status}`,
    matches: new Map(matches.map(([id, data]) => [id, data ?? undefined])),
  }
}
