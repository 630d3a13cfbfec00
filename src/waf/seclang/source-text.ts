import type { Location, Problem } from './location.ts'

/** A rule file in memory, cut at its newlines: one-byte (latin1) text, so that columns count bytes. */
export interface SourceText {
  readonly file: string
  /** Without LF; a CR before it is still there. */
  readonly lines: readonly string[]
}

/** @param text one-byte (latin1) string */
export function sourceText(file: string, text: string): SourceText {
  return { file, lines: text.split('\n') }
}

/** A problem with the source line that its caret stands under. */
export function problemAt(source: SourceText, location: Location, message: string): Problem {
  return { location, message, sourceLine: (source.lines[location.line - 1] ?? '').replace(/\r$/, '') }
}
