import type { ActionDraft } from '../actions/action.ts'
import type { RuleNode, UnconditionalNode } from '../seclang/ast.ts'
import type { Problem } from '../seclang/location.ts'
import type { SourceText } from '../seclang/source-text.ts'
import type { TransformationWord } from '../transformations/transformation.ts'
import type { NameTable } from './name-table.ts'
import type { RuleOperator, Settings } from './program.ts'
import type { ProblemList } from './rejection.ts'
import type { TargetList } from './targets.ts'

/** One rule of a chain before linking: SecRuleUpdate… may still change its targets and actions. */
export interface LinkDraft {
  readonly node: RuleNode | UnconditionalNode
  targets: TargetList | undefined
  readonly operator: RuleOperator | undefined
  readonly actions: ActionDraft
}

export interface ChainDraft {
  readonly id: number
  readonly phase: number
  readonly links: readonly [LinkDraft, ...LinkDraft[]]
  /** What the SecDefaultAction in force for this phase said. */
  readonly defaults: ActionDraft
}

export interface MarkerDraft {
  readonly label: string
  /** Number of chains that stand before it. */
  readonly position: number
}

/** Takes rules out, or changes them, once all are known. */
export type RuleUpdate = (chain: ChainDraft) => 'keep' | 'remove'

/** Everything that the files have said so far. */
export interface Assembly {
  readonly problems: ProblemList
  readonly sources: ReadonlyMap<string, SourceText>
  /** Bytes of a data file as a one-byte string; throws what the file system throws. */
  readonly readFile: (path: string) => string
  /** Some rule was left out for its syntax: what seems to be missing may be there. */
  readonly isIncomplete: boolean
  /** By the word that they are about: each is said once. */
  readonly warnings: Map<string, Problem>
  settings: Settings
  /** Entries by the name of a SecDataset. */
  readonly datasets: Map<string, readonly string[]>
  /** By name: those that a directive has given another table. */
  readonly transformations: Map<string, TransformationWord>
  readonly defaults: Map<number, ActionDraft>
  readonly chains: ChainDraft[]
  readonly chainsById: Map<number, ChainDraft>
  readonly markers: MarkerDraft[]
  readonly updates: RuleUpdate[]
  readonly names: NameTable
}
