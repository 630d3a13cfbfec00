import type { PatternTree } from '../prefilter/pattern-tree.ts'
import type { Location } from '../seclang/location.ts'

/** A match of an operator. Captures become TX:0 to TX:9 when the rule says `capture`. */
export interface OperatorMatch {
  /** captures[0] is the whole match; a group that took no part is `undefined`. */
  readonly captures: readonly (string | undefined)[]
}

/** A part of a value, in bytes. */
export interface Span {
  readonly offset: number
  readonly length: number
}

/** An operator with its argument, ready to run. Values are one-byte strings; nothing here does I/O or keeps state. */
export interface CompiledOperator {
  test(value: string): boolean
  /** Same answer as `test`, with what matched; absent where the operator captures nothing. */
  exec?(value: string): OperatorMatch | undefined
  /** Parts of a value that matches, each with its name: they become members of ARGS_PATH. */
  name?(value: string): readonly (readonly [name: string, value: string])[]
  /**
   * What of a value that matches made it match, for the log's `ref`; asked only once a match is recorded. Absent where the
   * value matches as a whole.
   */
  locate?(value: string): readonly Span[]
  /** A pattern that every value which `test` accepts matches, too; absent: nothing is known of such values. */
  requires?(): PatternTree | undefined
  /** Longest value, in bytes, that cannot take long; absent: 64 KiB, since most operators look at each byte once. */
  readonly promptBytes?: number
  /** The same operator in a form whose time grows with the value's length alone; slow where the other is fast. */
  readonly inLinearTime?: () => CompiledOperator | undefined
  /** How to make the same operator elsewhere. */
  readonly recipe?: OperatorRecipe
}

/** Default of `promptBytes`. */
export const PROMPT_BYTES = 65_536

/** `promptBytes` of operators that do no more than look at each byte once: about a millisecond. */
export const PROMPT_BYTES_ONE_PASS = 262_144

/** All that an operator was compiled from; plain data. */
export interface OperatorRecipe {
  readonly word: string
  /** Macros expanded. */
  readonly argument: string
  /** What was read meanwhile: path and bytes. */
  readonly files: readonly (readonly [path: string, text: string])[]
  /** Name and entries. */
  readonly datasets: readonly (readonly [name: string, entries: readonly string[]])[]
  /** The argument holds a transaction's own data: the same will hardly be asked again. */
  readonly isPassing: boolean
}

/** Everything that a rule may want to know of one comparison; plain data. */
export interface OperatorAnswer {
  readonly isFound: boolean
  /** As of `exec`; absent where the operator captures nothing. */
  readonly captures?: readonly (string | undefined)[] | undefined
  /** As of `locate`. */
  readonly spans?: readonly Span[] | undefined
  /** As of `name`. */
  readonly names?: readonly (readonly [name: string, value: string])[] | undefined
}

const NOTHING: OperatorAnswer = Object.freeze({ isFound: false })

/** Asks an operator for everything at once. */
export function answerOf(operator: CompiledOperator, value: string): OperatorAnswer {
  if (!operator.test(value)) return NOTHING
  return {
    isFound: true,
    captures: operator.exec?.(value)?.captures,
    spans: operator.locate?.(value),
    names: operator.name?.(value),
  }
}

export interface OperatorContext {
  readonly location: Location
  /** Bytes (one-byte string) of a data file, relative to the folder of the rule file; throws through `fail`. */
  readFile(path: string): string
  /** Entries of a SecDataset; throws through `fail`. */
  dataset(name: string): readonly string[]
  /** Ends the compilation of this rule with a located problem; `offset` counts bytes into the argument. */
  fail(message: string, offset?: number): never
}

/** One word of SecLang: `@rx`, `@pm` … One file an operator, one line in `index.ts`. */
export interface OperatorWord {
  /** As ModSecurity's reference manual spells it, without `@`. */
  readonly name: string
  /** As its log spells it, where that is not the name with a capital. */
  readonly label?: string
  /**
   * Arguments with macros (`%{tx.limit}`) are expanded per transaction first, then compiled; the engine caches that.
   * `literal` words (rx, pm, pmFromFile, validateByteRange …) are compiled once, at load, macros untouched.
   */
  readonly argument: 'none' | 'literal' | 'macro'
  /** Why it can never match here; whoever loads a rule with it is told once. */
  readonly limitation?: string
  compile(argument: string, context: OperatorContext): CompiledOperator
}
