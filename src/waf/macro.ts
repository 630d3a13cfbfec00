import type { NameTable } from './compiler/name-table.ts'
import type { Entry } from './entry.ts'
import type { CompiledOperator } from './operators/operator.ts'
import { rx } from './operators/rx.ts'
import type { TransactionState } from './transaction-state.ts'
import { findVariable } from './variables/index.ts'
import { readerOf, type VariableWord } from './variables/variable.ts'

interface Reference {
  readonly word: VariableWord
  readonly member: Member
}

/** Which value of a collection: the first of all, of a name, or whose name matches a pattern. */
type Member =
  | { readonly kind: 'first' }
  | { readonly kind: 'name'; readonly lowerKey: string }
  | { readonly kind: 'pattern'; readonly pattern: CompiledOperator }

/** Text with `%{…}` in it, taken apart once, at load. */
export interface Macro {
  readonly source: string
  readonly parts: readonly (string | Reference)[]
}

export type MacroResult =
  | { readonly kind: 'macro'; readonly macro: Macro }
  | { readonly kind: 'invalid'; readonly message: string; readonly offset: number }

/** As in ModSecurity 3, `%{…}%` is the same as `%{…}`. */
const reference = /%\{([^}]*)\}(?:%(?!\{))?/g

/**
 * Takes apart `%{tx.score}`, `%{MATCHED_VAR}`, `%{REQUEST_HEADERS.host}`, `%{ARGS:/^id/}`; an unknown variable is invalid,
 * not empty.
 */
export function parseMacro(source: string): MacroResult {
  const parts: (string | Reference)[] = []
  let end = 0
  for (const found of source.matchAll(reference)) {
    if (found.index > end) parts.push(source.slice(end, found.index))
    const inner = found[1] ?? ''
    const parsed = parseReference(inner)
    if (typeof parsed === 'string') return { kind: 'invalid', message: parsed, offset: found.index + 2 }
    parts.push(parsed)
    end = found.index + found[0].length
  }
  const open = source.indexOf('%{', end)
  if (open !== -1) return { kind: 'invalid', message: 'this macro has no closing brace', offset: open }
  if (end < source.length) parts.push(source.slice(end))
  return { kind: 'macro', macro: { source, parts } }
}

export function hasMacro(source: string): boolean {
  return source.search(reference) >= 0
}

/** Whether a macro at least begins. */
export function isMacroText(source: string): boolean {
  return source.includes('%{')
}

/** The text with every reference replaced; what does not exist expands to nothing. */
export function expandMacro(macro: Macro, state: TransactionState): string {
  if (macro.parts.length === 1) return expandPart(macro.parts[0] ?? '', state)
  let text = ''
  for (const part of macro.parts) text += expandPart(part, state)
  return text
}

/** The variables that it refers to. */
export function wordsOf(macro: Macro | undefined): readonly VariableWord[] {
  return macro?.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.word])) ?? []
}

/** The text, where nothing in it is to be replaced. */
export function constantOf({ parts }: Macro): string | undefined {
  const [first = '', ...others] = parts
  return typeof first === 'string' && others.length === 0 ? first : undefined
}

/**
 * `expandMacro` with all worked out that can be known at load: where members of TX are kept. For what rules do again and
 * again; what they log is expanded when they do.
 */
export function compileMacro(macro: Macro, names: NameTable): (state: TransactionState) => string {
  const constant = constantOf(macro)
  if (constant !== undefined) return () => constant
  const [first = '', ...others] = macro.parts.map((part) => compilePart(part, names))
  if (typeof first !== 'string' && others.length === 0) return first
  return (state) => {
    let text = typeof first === 'string' ? first : first(state)
    for (const part of others) text += typeof part === 'string' ? part : part(state)
    return text
  }
}

/** How the one value is read that all these texts depend on, where there is one. */
export function soleReader(
  macros: readonly Macro[],
  names: NameTable,
): ((state: TransactionState) => string) | undefined {
  const [first, ...others] = macros.flatMap(({ parts }) => parts.filter((part) => typeof part !== 'string'))
  if (first === undefined || others.some((other) => !isSame(first, other))) return undefined
  return compileReference(first, names)
}

function isSame(one: Reference, other: Reference): boolean {
  if (one.member.kind !== 'name' || other.member.kind !== 'name') return false
  return one.word === other.word && one.member.lowerKey === other.member.lowerKey
}

function compilePart(part: string | Reference, names: NameTable): string | ((state: TransactionState) => string) {
  return typeof part === 'string' ? part : compileReference(part, names)
}

function compileReference(reference: Reference, names: NameTable): (state: TransactionState) => string {
  const { word, member } = reference
  const read = member.kind === 'name' ? readerOf(word, member.lowerKey, names) : undefined
  if (read === undefined) return (state) => expandPart(reference, state)
  return (state) => read(state)[0]?.cell.raw ?? ''
}

/** The reference, or why it is none. */
function parseReference(inner: string): Reference | string {
  const dot = inner.search(/[.:]/)
  const name = dot < 0 ? inner : inner.slice(0, dot)
  const word = findVariable(name)
  if (word === undefined) return `unknown variable "${name}" in a macro`
  if (dot < 0) return { word, member: { kind: 'first' } }
  if (word.shape === 'scalar') return `${word.name} takes no selector`
  const member = parseMember(inner.slice(dot + 1))
  return typeof member === 'string' ? member : { word, member }
}

function parseMember(selector: string): Member | string {
  const pattern = /^\/(.+)\/$/s.exec(selector)?.[1]
  if (pattern === undefined) return { kind: 'name', lowerKey: selector.toLowerCase() }
  try {
    return { kind: 'pattern', pattern: compilePattern(pattern) }
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}

/** Thrown and caught in this file. */
class PatternError extends Error {}

/** Selectors compare without case. */
function compilePattern(pattern: string): CompiledOperator {
  const fail = (message: string): never => {
    throw new PatternError(`the pattern of a macro: ${message}`)
  }
  const location = { file: '', line: 0, column: 0 }
  return rx.compile(`(?i)${pattern}`, {
    location,
    fail,
    readFile: () => fail('it reads no file'),
    dataset: () => fail('it has no data set'),
  })
}

function expandPart(part: string | Reference, state: TransactionState): string {
  if (typeof part === 'string') return part
  return findMember(part, state)?.cell.raw ?? ''
}

function findMember({ word, member }: Reference, state: TransactionState): Entry | undefined {
  switch (member.kind) {
    case 'first':
      return state.read(word)[0]
    case 'name': {
      const { lowerKey } = member
      if (word.find !== undefined) return word.find(state, lowerKey)[0]
      return state.read(word).find((entry) => entry.lowerKey === lowerKey)
    }
    case 'pattern':
      return state.read(word).find(({ key = '' }) => member.pattern.test(key))
    default:
      return member satisfies never
  }
}
