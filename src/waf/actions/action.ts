import type { NameTable } from '../compiler/name-table.ts'
import type { Disruptive, Effect } from '../compiler/program.ts'
import type { Macro } from '../macro.ts'
import type { CompiledOperator } from '../operators/operator.ts'
import type { Word } from '../seclang/ast.ts'
import type { TransformationWord } from '../transformations/transformation.ts'

/** Sets of rules that `ctl` actions name, worked out once all rules are known. Flags by rule index. */
export interface RuleIndex {
  byId(ranges: readonly IdRange[]): Uint8Array
  byTag(pattern: CompiledOperator): Uint8Array
  byMessage(pattern: CompiledOperator): Uint8Array
}

export interface IdRange {
  readonly first: number
  readonly last: number
}

/** An effect that may need to know the other rules, or where members of TX are kept. */
export type PendingEffect = (rules: RuleIndex, names: NameTable) => Effect

/** `block` is replaced by what SecDefaultAction says; statuses are filled in then. */
export type DraftDisruptive =
  | Exclude<Disruptive, { kind: 'deny' | 'redirect' }>
  | { readonly kind: 'deny' }
  | { readonly kind: 'redirect'; readonly location: Macro }
  | { readonly kind: 'block' }

/** What an action list says; members that no action has set stay `undefined`. */
export interface ActionDraft {
  id?: number
  phase?: number
  disruptive?: DraftDisruptive
  status?: number
  log?: boolean
  auditLog?: boolean
  message?: Macro
  logData?: Macro
  severity?: number
  version?: string
  revision?: string
  maturity?: number
  accuracy?: number
  chain?: boolean
  capture?: boolean
  multiMatch?: boolean
  skip?: number
  skipAfter?: Word
  /** `t:none` was said: what SecDefaultAction lists does not count. */
  transformationsReset?: boolean
  mayRaiseEngine?: boolean
  /** `ctl:requestBodyProcessor=JSON` is said. */
  choosesJson?: boolean
  readonly transformations: TransformationWord[]
  readonly tags: Macro[]
  readonly onMatch: PendingEffect[]
  readonly afterMatch: PendingEffect[]
}

export function emptyDraft(): ActionDraft {
  return { transformations: [], tags: [], onMatch: [], afterMatch: [] }
}

/** One word of SecLang: an action. `apply` rejects (compiler/rejection.ts) what it cannot honour. */
export interface ActionWord {
  /** As the reference manual spells it; compared without case. */
  readonly name: string
  readonly argument: 'none' | 'optional' | 'required'
  /**
   * `identity`, `metadata` and `flow` have no place in SecDefaultAction; `identity`, `disruptive` and `flow` belong to
   * the first rule of a chain only.
   */
  readonly group: 'identity' | 'metadata' | 'disruptive' | 'flow' | 'logging' | 'matching' | 'effect'
  apply(draft: ActionDraft, argument: Word): void
}
