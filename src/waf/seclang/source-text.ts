import type { Location, Problem } from './location.ts'

/** A rule file in memory: one-byte (latin1) text, so that columns count bytes. */
export interface SourceText {
  readonly file: string
  readonly text: string
}

/** A problem with the source line that its caret stands under. */
export function problemAt(source: SourceText, location: Location, message: string): Problem {
  return { location, message, sourceLine: findLine(source.text, location.line) }
}

function findLine(text: string, line: number): string {
  let start = 0
  for (let current = 1; current < line; current++) {
    const newline = text.indexOf('\n', start)
    if (newline < 0) return ''
    start = newline + 1
  }
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '')
}
