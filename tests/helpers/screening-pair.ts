import { globSync, readFileSync } from 'node:fs'
import { CellMemory } from '../../src/waf/cell-memory.ts'
import { compileFiles } from '../../src/waf/compiler/compile.ts'
import type { Link, Program } from '../../src/waf/compiler/program.ts'
import type { Offload } from '../../src/waf/offload.ts'
import { PersistentCollections } from '../../src/waf/persistent/persistent-collections.ts'
import { RuleTransaction } from '../../src/waf/transaction.ts'
import { type StateOptions, TransactionState } from '../../src/waf/transaction-state.ts'
import type { WafMode } from '../../src/waf/transaction-types.ts'
import { Turns } from '../../src/waf/turns.ts'
import { inputOf, judge, RULES_FILE, type TestRequest, type TestResponse } from './rule-engine.ts'

/** The same rules twice: one program passes over what cannot match, the other asks every rule about every value. */
export interface ScreeningPair {
  readonly screened: Program
  readonly plain: Program
  /** What the plain program has of an exchange after all phases. */
  finalState(request: TestRequest, response?: TestResponse): Promise<TransactionState>
  /** One exchange through both; everything that can be seen of it, as JSON. */
  compare(request: TestRequest, response?: TestResponse): Promise<Comparison>
}

export interface Comparison {
  readonly screened: string
  readonly plain: string
  /** Ids of the rules that matched without screening, those that log nothing left out. */
  readonly matched: readonly number[]
}

export interface PairOptions {
  readonly files: readonly string[]
  readonly mode?: WafMode
  readonly readFile?: (path: string) => string
  /** Time as the screened program sees it; the plain one never suspends. Default: it stands still. */
  readonly elapsed?: () => number
  /** Of the screened program, which then asks it about every comparison. */
  readonly offload?: Offload
}

/** Of rules given as text; further files by path, under `/rules`. */
export function pairOf(
  rules: string,
  options: Omit<PairOptions, 'files'> & { data?: Record<string, string> } = {},
): Promise<ScreeningPair> {
  const { data = {}, ...rest } = options
  const readFile = (path: string): string => {
    const text = path === RULES_FILE ? rules : data[path]
    if (text === undefined) throw new Error(`no such file: ${path}`)
    return text
  }
  return loadPair({
    files: [RULES_FILE, ...Object.keys(data).filter((path) => path.endsWith('.conf'))],
    readFile,
    ...rest,
  })
}

export async function loadPair(options: PairOptions): Promise<ScreeningPair> {
  const screened = await compile(options, 'on')
  const plain = await compile(options, 'off')
  if (screened.screen === undefined || plain.screen !== undefined) throw new Error('the switch does not work')
  if (options.offload !== undefined) forgoHaste(screened)
  const options1 = { ...stateOptions(options.elapsed ?? (() => 0), screened), offload: options.offload }
  const options2 = stateOptions(() => 0, plain)
  return {
    screened,
    plain,
    async compare(request, response) {
      const first = await observe(new TransactionState(screened, inputOf(request), options1), request, response)
      const second = await observe(new TransactionState(plain, inputOf(request), options2), request, response)
      return { screened: first.text, plain: second.text, matched: second.matched }
    },
    async finalState(request, response) {
      const state = new TransactionState(plain, inputOf(request), options2)
      await observe(state, request, response)
      return state
    },
  }
}

/** Then no value is short enough to be looked at here. */
function forgoHaste({ rules }: Program): void {
  for (const { head } of rules) {
    for (let link: Link | undefined = head; link !== undefined; link = link.next) {
      const resolve = link.condition?.operator.resolve
      if (typeof resolve === 'object') Object.assign(resolve, { promptBytes: -1 })
    }
  }
}

async function compile({ files, mode = 'block', readFile = readLatin1 }: PairOptions, screening: 'on' | 'off') {
  const expandGlob = (pattern: string): readonly string[] =>
    /[*?[{]/.test(pattern) ? globSync(pattern).sort() : [pattern]
  const turns = new Turns(() => 0)
  const result = await compileFiles(files, { mode, screening, reader: { readFile, expandGlob }, turns })
  if (result.kind === 'program') return result.program
  const [first] = result.problems
  throw new Error(`${first?.location.file}:${first?.location.line}: ${first?.message}`)
}

function readLatin1(path: string): string {
  return readFileSync(path, 'latin1')
}

/** Nothing is ever out of time: what a phase may take is not what is compared. */
function stateOptions(elapsed: () => number, { screen }: Program): StateOptions {
  return {
    clock: { now: () => 1_700_000_000_000, elapsed },
    budget: { sliceMs: 10, phaseMs: Number.POSITIVE_INFINITY },
    persistent: new PersistentCollections(),
    cells: new CellMemory(screen === undefined ? 'passing' : 'kept'),
  }
}

async function observe(state: TransactionState, request: TestRequest, response: TestResponse | undefined) {
  const transaction = new RuleTransaction(state)
  const verdict = await judge(transaction, request, response ?? {})
  await transaction.finish()
  const { tx, env, matchedVariable, highestSeverity, incidents, engine, allow, removedRules, collections } = state
  const text = JSON.stringify({
    verdict,
    matches: state.matches.map(({ rule, evidence, consequence, ...texts }) => {
      return [rule.id, consequence, evidence?.variable, evidence?.value, evidence?.argument, texts]
    }),
    logged: transaction.logged,
    audit: transaction.auditRecord(),
    tx: tx.entries().map(({ name, cell }) => [name, cell.raw]),
    env: env.entries().map(({ name, cell }) => [name, cell.raw]),
    opened: [...collections.keys()],
    lastMatched: [matchedVariable?.name, matchedVariable?.cell.raw],
    removed: removedRules === undefined ? [] : [...removedRules.keys()].filter((index) => removedRules[index] === 1),
    removedTargets: state.removedTargets.length,
    highestSeverity,
    incidents,
    engine,
    allow,
  })
  return { text, matched: state.matches.map(({ rule }) => rule.id) }
}
