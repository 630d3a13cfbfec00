import type { Location } from './location.ts'

/** Text with the place where it begins, so that a later check can point at it. */
export interface Word {
  readonly text: string
  readonly location: Location
}

/** `ARGS:/^id/`, `&TX:score`, `!REQUEST_COOKIES:session`, `XML:/*` … one member of a rule's target list. */
export interface TargetNode {
  /** `include` looks at the values, `count` (`&`) at their number, `exclude` (`!`) takes them out. */
  readonly mode: 'include' | 'count' | 'exclude'
  /** Collection or variable name, upper case. */
  readonly variable: Word
  readonly selector: SelectorNode | undefined
}

export type SelectorNode =
  | { readonly kind: 'name'; readonly name: Word }
  | { readonly kind: 'regex'; readonly pattern: Word }

export interface OperatorNode {
  readonly negated: boolean
  /** Without `@`, as written; `rx` when the rule had a bare pattern. */
  readonly name: Word
  readonly argument: Word
}

/** One member of an action list: `id:1`, `t:none`, `setvar:'tx.a=+1'`, `chain`. */
export interface ActionNode {
  /** Lower case. */
  readonly name: Word
  /** Quotes removed, `\'` unescaped; `undefined` when there is no `:`. */
  readonly argument: Word | undefined
}

export interface RuleNode {
  readonly kind: 'rule'
  readonly location: Location
  readonly targets: readonly TargetNode[]
  readonly operator: OperatorNode
  readonly actions: readonly ActionNode[]
  /** The text as written, continuations joined: for the audit log. */
  readonly raw: string
}

/** SecAction: a rule without targets and operator that always matches. */
export interface UnconditionalNode {
  readonly kind: 'action'
  readonly location: Location
  readonly actions: readonly ActionNode[]
  readonly raw: string
}

export interface MarkerNode {
  readonly kind: 'marker'
  readonly location: Location
  readonly label: Word
}

/** Any other directive: SecRuleEngine, SecDefaultAction, SecRuleUpdateTargetById … with its arguments, quotes removed. */
export interface DirectiveNode {
  readonly kind: 'directive'
  readonly location: Location
  /** As written; compared without case. */
  readonly name: Word
  readonly arguments: readonly Word[]
}

export type Node = RuleNode | UnconditionalNode | MarkerNode | DirectiveNode
