import { hex } from './describe.ts'
import type { Problem } from './location.ts'
import type { LogicalLine } from './logical-line.ts'
import { problemAt, type SourceText } from './source-text.ts'

interface FileLine {
  readonly number: number
  /** Without LF, CRLF and a continuation's backslash. */
  readonly text: string
  readonly continues: boolean
  readonly last: boolean
}

const BYTE_ORDER_MARK = '\xef\xbb\xbf'
/** Tab is the only control character with a meaning; a NUL or a lone CR could hide a rule from the eye of a reader. */
const CONTROL = /[\0-\x08\x0b-\x1f\x7f]/

/** Joins continued lines and drops comments and blank lines. What is wrong with a line itself lands in `problems`. */
export function joinLines(source: SourceText, problems: Problem[]): LogicalLine[] {
  const lines: LogicalLine[] = []
  const reader = new LineReader(source, problems)
  for (let line = reader.next(); line; line = reader.next()) {
    if (isBlank(line.text)) continue
    if (isComment(line.text)) skipComment(line, reader)
    else if (opensDataset.test(line.text)) lines.push(joinDataset(line, reader))
    else lines.push(joinContinued(line, reader))
  }
  return lines
}

/** Coraza's SecDataset: what stands between backquotes goes over several lines, which keep their ends. */
const opensDataset = /^[ \t]*SecDataset[ \t]+[^ \t`]+[ \t]+`[^`]*$/i

function joinDataset(first: FileLine, reader: LineReader): LogicalLine {
  const pieces = [{ offset: 0, line: first.number, column: 1 }]
  let text = first.text
  for (let line: FileLine | undefined = first; line; line = reader.next()) {
    if (line.continues) reader.refuse(line, line.text.length + 1, 'a line of a data set cannot end in a backslash')
    if (line !== first) {
      pieces.push({ offset: text.length + 1, line: line.number, column: 1 })
      text += `\n${line.text}`
      if (line.text.includes('`')) break
    }
  }
  return { source: reader.source, text, pieces }
}

/** Comment lines may stand between the lines of a continued directive; they neither end nor extend it. */
function joinContinued(first: FileLine, reader: LineReader): LogicalLine {
  const pieces = [{ offset: 0, line: first.number, column: 1 }]
  let text = first.text
  let current: FileLine | undefined = first
  while (current?.continues) {
    const next = reader.next()
    if (next && isComment(next.text)) {
      if (next.last) reader.refuse(next, 1, 'the file ends in a continued line')
      current = { ...next, continues: true }
      continue
    }
    if (next) {
      pieces.push({ offset: text.length, line: next.number, column: 1 })
      text += next.text
    }
    current = next
  }
  return { source: reader.source, text, pieces }
}

/**
 * A comment that ends in a backslash also covers the next line. For a commented-out directive that is what all
 * engines do; after any other comment they differ, and a rule could vanish unseen: refused.
 */
function skipComment(comment: FileLine, reader: LineReader): void {
  const hidesDirective = /^[ \t]*#[ \t]*Sec[A-Za-z]/i.test(comment.text)
  let current: FileLine | undefined = comment
  while (current?.continues) {
    const next = reader.next()
    if (next && !isComment(next.text) && !isBlank(next.text) && !hidesDirective) {
      reader.refuse(current, current.text.length + 1, 'a comment that ends in a backslash would hide the next line')
    }
    current = next
  }
}

function isBlank(text: string): boolean {
  return !/[^ \t]/.test(text)
}

function isComment(text: string): boolean {
  return /^[ \t]*#/.test(text)
}

/** Hands out the lines of a file in order and checks their bytes. */
class LineReader {
  readonly source: SourceText
  private readonly problems: Problem[]
  private number = 0

  constructor(source: SourceText, problems: Problem[]) {
    this.source = source
    this.problems = problems
  }

  next(): FileLine | undefined {
    const { lines } = this.source
    const raw = lines[this.number]
    const last = this.number === lines.length - 1
    if (raw === undefined || (last && raw === '')) return undefined
    this.number++
    const text = raw.endsWith('\r') && !last ? raw.slice(0, -1) : raw
    return this.check({ number: this.number, text: this.withoutMark(text), continues: false, last: this.isEnd() })
  }

  refuse(line: Pick<FileLine, 'number'>, column: number, message: string): void {
    this.problems.push(problemAt(this.source, { file: this.source.file, line: line.number, column }, message))
  }

  /** Nothing but the empty string after the final newline is left. */
  private isEnd(): boolean {
    const { lines } = this.source
    return this.number === lines.length || (this.number === lines.length - 1 && lines[this.number] === '')
  }

  private withoutMark(text: string): string {
    if (this.number !== 1 || !text.startsWith(BYTE_ORDER_MARK)) return text
    this.refuse({ number: 1 }, 1, 'the file begins with a byte order mark; save it without one')
    return text.slice(BYTE_ORDER_MARK.length)
  }

  private check(line: FileLine): FileLine {
    const comment = isComment(line.text)
    const control = comment ? line.text.indexOf('\r') : line.text.search(CONTROL)
    if (control >= 0)
      this.refuse(line, control + 1, `unexpected control character ${hex(line.text.charCodeAt(control))}`)
    const backslash = continuationAt(line.text)
    if (backslash < 0) return line
    if (!comment && line.last) this.refuse(line, backslash + 1, 'the file ends in a continued line')
    if (!comment && backslash < line.text.length - 1) {
      this.refuse(line, backslash + 1, 'white space after the backslash: the line does not continue')
    }
    return { ...line, text: line.text.slice(0, backslash), continues: !comment || backslash === line.text.length - 1 }
  }
}

/** Index of a trailing backslash, white space after it allowed so that it can be refused; -1 without one. */
function continuationAt(text: string): number {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return end > 0 && text[end - 1] === '\\' ? end - 1 : -1
}
