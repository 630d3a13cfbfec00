import type { Entry, TransformNode } from '../entry.ts'
import type { Macro } from '../macro.ts'
import type { CompiledOperator } from '../operators/operator.ts'
import type { ScreenProgram } from '../prefilter/screen-program.ts'
import type { Location, Problem } from '../seclang/location.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { VariableWord } from '../variables/variable.ts'
import type { NameTable } from './name-table.ts'
import type { Attempt } from './quick-rule.ts'

export type EngineMode = 'on' | 'detect' | 'off'

/** What SecRule…, SecRequestBody… and the other directives set; `ctl` changes a copy for one transaction. */
export interface Settings {
  readonly engine: EngineMode
  readonly requestBodyAccess: boolean
  readonly requestBodyLimitBytes: number
  readonly requestBodyNoFilesLimitBytes: number
  readonly requestBodyBeyond: 'reject' | 'partial'
  readonly responseBodyAccess: boolean
  readonly responseBodyLimitBytes: number
  readonly responseBodyBeyond: 'reject' | 'partial'
  /** Lower case, without parameters. */
  readonly responseMimeTypes: readonly string[]
  readonly argumentSeparator: string
  readonly argumentCount: number
  readonly jsonDepth: number
  /** SecParseXmlIntoArgs: whether texts of XML are arguments, besides or instead of XML. */
  readonly xmlIntoArguments: 'no' | 'also' | 'only'
  readonly fileCount: number
  readonly components: readonly string[]
  readonly auditEngine: 'on' | 'off' | 'relevant'
  readonly auditParts: string
  /** SecAuditLogRelevantStatus: matches a status that makes a transaction relevant. */
  readonly auditStatus: CompiledOperator | undefined
  readonly webAppId: string
  readonly collectionTimeoutSeconds: number
}

/** Picks members of a collection by name, compared without case, or by pattern. */
export type Selector =
  | { readonly kind: 'name'; readonly name: string; readonly lowerName: string }
  | { readonly kind: 'regex'; readonly pattern: CompiledOperator }

export interface Target {
  readonly word: VariableWord
  readonly selector: Selector | undefined
  /** `count` (`&`) yields the number of values instead of the values. */
  readonly mode: 'include' | 'count'
}

export interface Exclusion {
  readonly word: VariableWord
  readonly selector: Selector | undefined
}

/** A target list that is one member of a collection with a fast way to its members: `TX:score`, `&TX:score`. */
export interface DirectTarget {
  readonly read: (state: TransactionState) => readonly Entry[]
  readonly target: Target
  /** With `&`, what stands for none and for one. */
  readonly counts: readonly (readonly Entry[])[]
}

/** A target list. Rules with equal lists share one profile, and with it one look-up a transaction. */
export interface TargetProfile {
  readonly number: number
  readonly targets: readonly Target[]
  readonly exclusions: readonly Exclusion[]
  /** Set where the list is just that. */
  readonly direct: DirectTarget | undefined
  /** First phase from which the settled ones among the values stay the same. */
  readonly settled: number
  /** Words that never settle. Values can be kept while the versions of these stay the same. */
  readonly volatile: readonly VariableWord[]
}

/** Something that a match does besides the disruptive action: setvar, ctl … */
export type Effect = (state: TransactionState) => void

export interface RuleOperator {
  /** As ModSecurity's log spells it: `Rx`, `Within`. */
  readonly label: string
  readonly argument: string
  /** The argument, where it differs between transactions. */
  readonly macro: Macro | undefined
  readonly negated: boolean
  /** Ready to run; arguments with macros are expanded and compiled for the transaction. */
  readonly resolve: CompiledOperator | ((state: TransactionState) => CompiledOperator)
}

/** Which values a rule looks at, and for what. */
export interface Condition {
  readonly profile: TargetProfile
  readonly operator: RuleOperator
}

/** One rule of a chain (or a rule that stands alone). */
export interface Link {
  /** Unique in its program. */
  readonly number: number
  readonly location: Location
  readonly raw: string
  /** `undefined`: SecAction, which always matches. */
  readonly condition: Condition | undefined
  /** Last transformation of the chain; `undefined`: the value as it is. */
  readonly transformation: TransformNode | undefined
  /** With multiMatch: every step, each tested if it changes the value. */
  readonly steps: readonly TransformNode[] | undefined
  readonly capture: boolean
  /** Run for each value that matches, before the rest of the chain is looked at. */
  readonly onMatch: readonly Effect[]
  /** Run once, after the whole chain has matched. */
  readonly afterMatch: readonly Effect[]
  readonly next: Link | undefined
}

export type Disruptive =
  | { readonly kind: 'pass' }
  | { readonly kind: 'deny'; readonly status: number }
  | { readonly kind: 'drop' }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: Macro }
  | { readonly kind: 'allow'; readonly scope: 'phase' | 'request' | 'all' }

export interface Rule {
  readonly id: number
  /** Position among all rules, the index of rule bit sets. */
  readonly index: number
  readonly phase: number
  readonly head: Link
  readonly disruptive: Disruptive
  readonly log: boolean
  readonly auditLog: boolean
  readonly message: Macro | undefined
  readonly logData: Macro | undefined
  readonly tags: readonly Macro[]
  readonly severity: number | undefined
  readonly version: string
  readonly revision: string
  readonly maturity: number
  readonly accuracy: number
  /** Where the phase goes on after a match: position in the phase's list of rules. */
  readonly nextPosition: number
  /** `undefined`: there is no short way. */
  readonly attempt: Attempt | undefined
}

/** A rule set, ready to run and frozen: one for all transactions of a generation. */
export interface Program {
  readonly settings: Settings
  /** By phase, 1 to 5; index 0 is empty. */
  readonly phases: readonly (readonly Rule[])[]
  readonly rules: readonly Rule[]
  /** Of the members of TX that the rules name. */
  readonly names: NameTable
  /** `undefined`: no rule may be passed over. */
  readonly screen: ScreenProgram | undefined
  /** What was loaded but cannot have its effect here. */
  readonly warnings: readonly Problem[]
  /** Whether the author of the rules has thought of bodies that cannot be parsed; if not, the engine refuses them. */
  readonly readsBodyErrors: boolean
  /** Some target is an XPath expression: documents are kept as trees. */
  readonly usesXpath: boolean
  /** No rule says which bodies are JSON: then their Content-Type does. */
  readonly jsonByType: boolean
  /** The most that ctl:ruleEngine can reach: what `waf.mode` allows. */
  readonly ceiling: EngineMode
  /** Whether some `ctl:ruleEngine=On` can switch blocking on. */
  readonly mayRaiseEngine: boolean
}
