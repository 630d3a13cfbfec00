import { globSync, readFileSync } from 'node:fs'
import { EdgeError } from '../errors.ts'
import type { BudgetLimits } from './budget.ts'
import { CellMemory } from './cell-memory.ts'
import { compileFiles } from './compiler/compile.ts'
import type { Program } from './compiler/program.ts'
import { isFileError } from './compiler/sources.ts'
import type { Offload } from './offload.ts'
import { PersistentCollections } from './persistent/persistent-collections.ts'
import type { Location } from './seclang/location.ts'
import type { TraceEvent } from './trace.ts'
import { idleTransaction, RuleTransaction } from './transaction.ts'
import { type Clock, type StateOptions, TransactionState } from './transaction-state.ts'
import type { RuleSet, TransactionInput, WafMode } from './transaction-types.ts'
import { Turns } from './turns.ts'
import { warm } from './warm.ts'

export interface LoadOptions {
  /** Paths of SecLang files, in load order; globs are already expanded. */
  readonly files: readonly string[]
  readonly mode: WafMode
  /** Reads a rule or data file as a one-byte string. Default: the file system. */
  readonly readFile?: (path: string) => string
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly elapsed?: () => number
  /** Default: a slice of 10 ms, 1,000 ms a phase. */
  readonly budget?: Partial<BudgetLimits>
  /** What IP, GLOBAL, SESSION … remember; rule sets that share it have one memory. Default: one of its own. */
  readonly collections?: PersistentCollections
  /** `off`: every rule is asked about every value. Slower, with the same results. Default: `on`. */
  readonly screening?: 'on' | 'off'
  /** Called for every comparison; slow, meant for explanations and tests. Default: none. */
  readonly trace?: (event: TraceEvent) => void
  /** Takes over the comparisons that may be long. Default: they hold up the event loop. */
  readonly offload?: Offload
}

const defaultBudget: BudgetLimits = { sliceMs: 10, phaseMs: 1000 }

/**
 * Reads, parses, checks and compiles rule files: the public face of the WAF.
 *
 * @throws EdgeError ACME_EDGE_RULES_INVALID with every problem of all files, ACME_EDGE_RULES_UNREADABLE for a file that
 * cannot be read
 */
export async function loadRuleSet(options: LoadOptions): Promise<RuleSet> {
  const clock: Clock = { now: options.now ?? Date.now, elapsed: options.elapsed ?? (() => performance.now()) }
  const turns = new Turns(clock.elapsed)
  const program = await compile(options, turns)
  if (options.mode !== 'off') await warm(program, turns)
  const state: StateOptions = {
    clock,
    budget: { ...defaultBudget, ...options.budget },
    persistent: options.collections ?? new PersistentCollections(),
    cells: new CellMemory(program.screen === undefined ? 'passing' : 'kept'),
    trace: options.trace,
    offload: options.offload,
  }
  return Object.freeze({
    mode: options.mode,
    ruleCount: program.rules.length,
    warnings: program.warnings,
    begin(input: TransactionInput) {
      if (options.mode === 'off') return idleTransaction
      return new RuleTransaction(new TransactionState(program, input, state))
    },
  })
}

/** A rule as a list shows it. */
export interface RuleSummary {
  readonly id: number
  readonly phase: number
  /** The message as written, macros not expanded. */
  readonly message: string | undefined
  readonly location: Location
}

/** The rules of these files that a transaction would meet, in load order. Rejects as `loadRuleSet` does. */
export async function listRules(options: LoadOptions): Promise<readonly RuleSummary[]> {
  const { rules } = await compile(options, new Turns(options.elapsed ?? (() => performance.now())))
  return rules.map(({ id, phase, message, head: { location } }) => {
    return { id, phase, message: message?.source, location }
  })
}

async function compile(options: LoadOptions, turns: Turns): Promise<Program> {
  const { files, mode, readFile = readLatin1, screening = 'on' } = options
  // A trace shows every comparison, so none may be left out.
  const isScreened = screening === 'on' && options.trace === undefined
  const compiling = compileFiles(files, {
    mode,
    screening: isScreened ? 'on' : 'off',
    reader: { readFile, expandGlob },
    turns,
  })
  const result = await compiling.catch((error: unknown) => {
    throw unreadable(error)
  })
  if (result.kind === 'program') return result.program
  const { problems } = result
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  throw new EdgeError('ACME_EDGE_RULES_INVALID', `the rule files have ${count}`, { problems })
}

function unreadable(error: unknown): unknown {
  if (!isFileError(error)) return error
  return new EdgeError('ACME_EDGE_RULES_UNREADABLE', `a rule file cannot be read: ${error.message}`, { cause: error })
}

function readLatin1(path: string): string {
  return readFileSync(path, 'latin1')
}

function expandGlob(pattern: string): readonly string[] {
  if (!/[*?[{]/.test(pattern)) return [pattern]
  return globSync(pattern).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}
