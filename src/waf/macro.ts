import type { TransactionState } from './transaction-state.ts'
import { findVariable } from './variables/index.ts'
import type { VariableWord } from './variables/variable.ts'

interface Reference {
  readonly word: VariableWord
  readonly lowerKey: string | undefined
}

/** Text with `%{…}` in it, taken apart once, at load. */
export interface Macro {
  readonly source: string
  readonly parts: readonly (string | Reference)[]
}

export type MacroResult =
  | { readonly kind: 'macro'; readonly macro: Macro }
  | { readonly kind: 'invalid'; readonly message: string; readonly offset: number }

const reference = /%\{([^}]*)\}/g

/** Takes apart `%{tx.score}`, `%{MATCHED_VAR}`, `%{REQUEST_HEADERS.host}`; an unknown variable is invalid, not empty. */
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
  if (end < source.length) parts.push(source.slice(end))
  return { kind: 'macro', macro: { source, parts } }
}

export function hasMacro(source: string): boolean {
  return source.search(reference) >= 0
}

/** The text with every reference replaced; what does not exist expands to nothing. */
export function expandMacro(macro: Macro, state: TransactionState): string {
  if (macro.parts.length === 1) return expandPart(macro.parts[0] ?? '', state)
  let text = ''
  for (const part of macro.parts) text += expandPart(part, state)
  return text
}

/** The reference, or why it is none. */
function parseReference(inner: string): Reference | string {
  const dot = inner.search(/[.:]/)
  const name = dot < 0 ? inner : inner.slice(0, dot)
  const word = findVariable(name)
  if (word === undefined) return `unknown variable "${name}" in a macro`
  if (dot < 0) return { word, lowerKey: undefined }
  const lowerKey = inner.slice(dot + 1).toLowerCase()
  if (word.shape === 'scalar') return `${word.name} takes no selector`
  return /^\/.*\/$/s.test(lowerKey) ? 'a macro cannot select by pattern' : { word, lowerKey }
}

function expandPart(part: string | Reference, state: TransactionState): string {
  if (typeof part === 'string') return part
  const { word, lowerKey } = part
  if (lowerKey === undefined) return state.read(word)[0]?.cell.raw ?? ''
  if (word.find !== undefined) return word.find(state, lowerKey)[0]?.cell.raw ?? ''
  return state.read(word).find((entry) => entry.lowerKey === lowerKey)?.cell.raw ?? ''
}
