import type { XmlDocument } from '../bodies/xml-document.ts'
import type { NameTable } from '../compiler/name-table.ts'
import type { Entry } from '../entry.ts'
import type { CompiledOperator } from '../operators/operator.ts'
import type { TransactionState } from '../transaction-state.ts'

/** First phase from whose begin a variable's values stay the same; `never` ones are read anew by every rule. */
export type Settled = 1 | 2 | 3 | 4 | 5 | 'never'

/** One word of SecLang: a variable or collection. Reading it has no effect on the transaction. */
export interface VariableWord {
  /** As the reference manual spells it. */
  readonly name: string
  readonly shape: 'scalar' | 'collection'
  readonly settled: Settled
  /** The only selectors that it takes, where it does not take any name; rules have to say one. */
  readonly selectors?: readonly string[]
  /** Of XML: its document, for XPath expressions, and of what such an expression selects: the variable that it selects from. */
  document?(state: TransactionState): XmlDocument | undefined
  readonly base?: VariableWord
  /** All values, in the order of the message. A scalar that does not exist yet has none. */
  read(state: TransactionState): readonly Entry[]
  /** For words that never settle: a number that changes whenever the values do, where there is one. */
  version?(state: TransactionState): number
  /** Faster way to the values under one lower-case key, where the collection has one. */
  find?(state: TransactionState, lowerKey: string): readonly Entry[]
  /** At load: a way that is faster still, to the values under a key that a rule says. */
  bind?(lowerKey: string, names: NameTable): (state: TransactionState) => readonly Entry[]
  /** Faster way to the values whose keys a selector picks. */
  match?(state: TransactionState, selector: CompiledOperator): readonly Entry[]
}

/** How a variable's values under one key are read, where there is a fast way; worked out at load. */
export function readerOf(
  { bind, find }: VariableWord,
  lowerKey: string,
  names: NameTable,
): ((state: TransactionState) => readonly Entry[]) | undefined {
  if (bind !== undefined) return bind(lowerKey, names)
  return find && ((state) => find(state, lowerKey))
}
