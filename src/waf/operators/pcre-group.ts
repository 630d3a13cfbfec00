import type { Refuse } from './pcre-escape.ts'

/** Which of PCRE's option letters i, s, m and x are on. */
export interface Flags {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
  readonly multiline: boolean
  readonly extended: boolean
}

export type GroupKind = 'plain' | 'assertion' | 'lookbehind' | 'atomic'

/** What an opening parenthesis begins, and how many bytes of the pattern say so. */
export type PcreGroup =
  | { readonly kind: 'comment'; readonly length: number }
  /** `(?i)`: from here to the end of the group around it. */
  | { readonly kind: 'flags'; readonly length: number; readonly flags: Flags }
  | {
      readonly kind: GroupKind
      readonly length: number
      readonly flags: Flags
      /** How V8 writes it. */
      readonly source: string
    }

/** Reads what follows the `(` at `at`, up to where the group's own content begins. */
export function readGroup(
  pattern: string,
  at: number,
  { flags, refuse }: { readonly flags: Flags; readonly refuse: Refuse },
): PcreGroup {
  const next = pattern[at + 1]
  if (next === '*') return refuse('verbs such as (*SKIP) are not supported', at)
  if (next !== '?') return { kind: 'plain', length: 1, flags, source: '(' }
  const syntax = /\(\?(?:(#[^)]*\))|(<?[=!]|>|:)|(P?<[A-Za-z_]\w*>|'[A-Za-z_]\w*')|([imsx]*)(?:-([imsx]*))?([:)]))/y
  syntax.lastIndex = at
  const match = syntax.exec(pattern)
  if (match === null) return refuse('this kind of group is not supported', at)
  const [text, comment, mark, name, on = '', off = '', flagsEnd] = match
  const length = text.length
  if (comment !== undefined) return { kind: 'comment', length }
  if (mark !== undefined) return { kind: kindOf(mark), length, flags, source: text }
  // References by name are refused, so that a name has no use beyond its number.
  if (name !== undefined) return { kind: 'plain', length, flags, source: '(' }
  const changed = changeFlags(flags, on, off)
  if (flagsEnd === ')') return { kind: 'flags', length, flags: changed }
  return { kind: 'plain', length, flags: changed, source: '(?:' }
}

function kindOf(mark: string): GroupKind {
  if (mark === '>') return 'atomic'
  if (mark === ':') return 'plain'
  return mark.startsWith('<') ? 'lookbehind' : 'assertion'
}

function changeFlags(flags: Flags, on: string, off: string): Flags {
  const change = (letter: string, value: boolean) => (value || on.includes(letter)) && !off.includes(letter)
  return {
    ignoreCase: change('i', flags.ignoreCase),
    dotAll: change('s', flags.dotAll),
    multiline: change('m', flags.multiline),
    extended: change('x', flags.extended),
  }
}
