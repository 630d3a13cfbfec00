import type { Word } from './ast.ts'
import type { Location, Problem } from './location.ts'
import { problemAt, type SourceText } from './source-text.ts'

/** One line of the file, or what is left of it, inside a logical line. */
interface Piece {
  /** Where it begins in the logical line's text. */
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** A directive with its continuations joined; every offset into `text` still knows its line and column. */
export interface LogicalLine {
  readonly source: SourceText
  readonly text: string
  readonly pieces: readonly Piece[]
}

/** Part of a logical line: one argument without its quotes. */
export interface Span {
  readonly line: LogicalLine
  readonly start: number
  readonly end: number
  /** The quote around it; inside, a backslash before this character stands for the character. */
  readonly quote: '"' | "'" | '`' | ''
}

/** The place in the file of an offset into the logical line. */
export function locate(line: LogicalLine, offset: number): Location {
  let low = 0
  let high = line.pieces.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((line.pieces[middle] as Piece).offset <= offset)
      low = middle // middle is within the array
    else high = middle - 1
  }
  const piece = line.pieces[low] as Piece // a logical line has at least one piece
  return { file: line.source.file, line: piece.line, column: piece.column + offset - piece.offset }
}

/** Collects a problem at an offset into the logical line. */
export function report(problems: Problem[], line: LogicalLine, offset: number, message: string): void {
  problems.push(problemAt(line.source, locate(line, offset), message))
}

/** The text between two offsets as a word, with the escapes of the argument's quote resolved. */
export function wordAt(span: Span, start: number, end: number): Word {
  return { text: unescapeQuote(span.line.text.slice(start, end), span.quote), location: locate(span.line, start) }
}

/** A word that was cut out of `source` earlier, as a span that can be parsed further. */
export function spanOfWord(word: Word, source: SourceText): Span {
  const { line, column } = word.location
  const pieces = [{ offset: 0, line, column }]
  return { line: { source, text: word.text, pieces }, start: 0, end: word.text.length, quote: '' }
}

/** `\"` → `"`. A pair of backslashes stays as it is, so that patterns reach their operator unchanged. */
function unescapeQuote(text: string, quote: Span['quote']): string {
  if (quote === '' || !text.includes(`\\${quote}`)) return text
  return text.replace(/\\(.)/gs, (pair, escaped) => (escaped === quote ? quote : pair))
}
