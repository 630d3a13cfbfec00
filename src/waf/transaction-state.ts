import type { Verdict } from '../http.ts'
import type { ParsedBody } from './bodies/body-parser.ts'
import { Budget, type BudgetLimits } from './budget.ts'
import type { CellMemory } from './cell-memory.ts'
import { Collection } from './collection.ts'
import type { EngineMode, Link, Program, Rule, RuleOperator, Selector, Settings } from './compiler/program.ts'
import type { Entry } from './entry.ts'
import type { Match } from './match.ts'
import type { Offload } from './offload.ts'
import type { CompiledOperator, Span } from './operators/operator.ts'
import type { OpenCollection } from './persistent/open-collection.ts'
import type { PersistentCollections } from './persistent/persistent-collections.ts'
import { Screening } from './prefilter/screening.ts'
import { RequestBodyState } from './request-body-state.ts'
import { RequestParts } from './request-parts.ts'
import type { RequestPlaces } from './request-places.ts'
import { nothingSanitised } from './sanitised.ts'
import type { TraceEvent } from './trace.ts'
import type { ResponseHead, TransactionInput } from './transaction-types.ts'
import { TxCollection } from './tx-collection.ts'
import type { VariableWord } from './variables/variable.ts'

/** `ctl:ruleRemoveTargetBy…`: for these rules (a flag by rule index) the variable, or one member of it, is not looked at. */
export interface RemovedTarget {
  readonly rules: Uint8Array
  readonly word: VariableWord
  readonly selector: Selector | undefined
}

export interface ResponseState {
  readonly head: ResponseHead
  /** One-byte string; `undefined` until phase 4, and when the body was not held. */
  body: string | undefined
  truncated: boolean
  /** Of a body that ctl:responseBodyProcessor has a parser for. */
  parsed?: ParsedBody
}

/** How far `allow` reaches once a rule has said it. */
export type AllowScope = 'none' | 'phase' | 'request' | 'all'

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds since any moment; never goes back. */
  readonly elapsed: () => number
}

/** A phase that could not be finished, or a body that the engine itself refused. */
export interface Incident {
  /** First words of its line in the log. */
  readonly title: string
  readonly reason: string
  readonly ruleId: number | undefined
}

/** The comparison that made a rule match. */
export interface Evidence {
  readonly link: Link
  readonly operator: RuleOperator
  readonly compiled: CompiledOperator
  /** Of the operator, macros expanded. */
  readonly argument: string
  readonly variable: string
  readonly entry: Entry
  /** As the operator saw it. */
  readonly value: string
  /** What of the value made it match, where that is known already. */
  readonly spans: readonly Span[] | undefined
}

export interface StateOptions {
  readonly clock: Clock
  readonly budget: BudgetLimits
  readonly persistent: PersistentCollections
  /** Of values that are likely to come again. */
  readonly cells: CellMemory
  readonly trace?: ((event: TraceEvent) => void) | undefined
  /** Absent: every operator runs here, however long it takes. */
  readonly offload?: Offload | undefined
}

export interface KnownTargets {
  readonly entries: readonly Entry[]
  /** Sum of the versions of what can change within a phase. */
  readonly version: number
}

/** All that changes while one request and its response go through the phases. */
export class TransactionState {
  readonly program: Program
  readonly input: TransactionInput
  readonly clock: Clock
  readonly trace: ((event: TraceEvent) => void) | undefined
  readonly offload: Offload | undefined
  readonly request: RequestParts
  readonly requestBody: RequestBodyState
  readonly tx: TxCollection
  readonly env = new Collection('ENV')
  /** What @restpath has named. */
  readonly pathArguments = new Collection('ARGS_PATH')
  /** Those of `persistent` that this transaction has opened, by lower-case name. */
  readonly collections = new Map<string, OpenCollection>()
  readonly persistent: PersistentCollections
  readonly cells: CellMemory
  /** Of the phase; `undefined`: every rule is asked about every value. */
  screening: Screening | undefined
  phase = 1
  /** Never above the ceiling that `waf.mode` sets. */
  engine: EngineMode
  /** What `ctl` may change for this transaction alone. */
  settings: Settings
  response: ResponseState | undefined
  /** ctl:responseBodyProcessor. */
  responseProcessor: '' | 'JSON' | 'XML' = ''
  /** ctl:forceResponseBodyVariable: its type does not matter. */
  responseForced = false
  matchedVariable: Entry | undefined
  matchedVariables: Entry[] = []
  /** The rule under evaluation. */
  rule: Rule | undefined
  /** What the last rule of the last chain matched with; `undefined` for SecAction. */
  evidence: Evidence | undefined
  /** Where the parts of the request are, once a match was recorded. */
  places: RequestPlaces | undefined
  /** All of this rule and its chain so far. */
  evidences: Evidence[] = []
  highestSeverity = 255
  allow: AllowScope = 'none'
  readonly sanitised = nothingSanitised()
  /** Set by the rule that ends the transaction. */
  interruption: Verdict | undefined
  /** What ended a phase without a rule having said so. */
  readonly incidents: Incident[] = []
  removedRules: Uint8Array | undefined
  readonly removedTargets: RemovedTarget[] = []
  /** Values of whole target lists, by the number of the profile. */
  targets: Map<number, KnownTargets> | undefined
  readonly #variables = new Map<VariableWord, readonly Entry[]>()
  readonly matches: Match[] = []
  readonly budget: Budget

  constructor(program: Program, input: TransactionInput, options: StateOptions) {
    this.program = program
    this.input = input
    this.tx = new TxCollection(program.names)
    this.clock = options.clock
    this.trace = options.trace
    this.offload = options.offload
    this.persistent = options.persistent
    this.budget = new Budget(options.clock.elapsed, options.budget)
    this.settings = program.settings
    this.engine = program.settings.engine
    this.cells = options.cells
    this.request = new RequestParts(input, { separator: program.settings.argumentSeparator, cells: options.cells })
    this.requestBody = new RequestBodyState(this.request.bodyProcessor(program.jsonByType), options.cells)
  }

  /** Forgets what may change with this phase's data. */
  enter(phase: number): void {
    this.phase = phase
    this.allow = this.allow === 'phase' || (this.allow === 'request' && phase > 2) ? 'none' : this.allow
    const screen = this.program.screen?.phases[phase]
    this.screening = this.program.screen && screen && new Screening(this.program.screen, screen, this)
    for (const word of this.#variables.keys()) {
      if (word.settled === 'never' || word.settled >= phase) this.#variables.delete(word)
    }
    this.targets = undefined
  }

  /** A variable's values; those that cannot change in this phase are read once, so that their cells are shared. */
  read(word: VariableWord): readonly Entry[] {
    if (word.settled === 'never') return word.read(this)
    const known = this.#variables.get(word)
    if (known !== undefined) return known
    const entries = word.read(this)
    this.#variables.set(word, entries)
    return entries
  }
}
