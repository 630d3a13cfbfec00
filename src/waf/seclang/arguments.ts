import { describe, hex } from './describe.ts'
import type { Problem } from './location.ts'
import { type LogicalLine, report, type Span } from './logical-line.ts'

/** A directive's name and arguments; `undefined` when the line cannot be cut into words. */
export interface DirectiveWords {
  readonly name: Span
  readonly arguments: readonly Span[]
}

/** `name argument "argument" 'argument'`: white space separates, quotes hold together, a backslash escapes the quote. */
export function splitDirective(line: LogicalLine, problems: Problem[]): DirectiveWords | undefined {
  const start = skipBlanks(line.text, 0, line.text.length)
  const end = wordEnd(line.text, start)
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(line.text.slice(start, end))) {
    report(problems, line, start, noDirective(line.text.slice(start, end)))
    return undefined
  }
  const words: Span[] = []
  let offset = skipBlanks(line.text, end, line.text.length)
  while (offset < line.text.length) {
    const word = readArgument(line, offset, problems)
    if (!word) return undefined
    words.push(word)
    offset = skipBlanks(line.text, word.end + word.quote.length, line.text.length)
  }
  return { name: { line, start, end, quote: '' }, arguments: words }
}

/** First offset from `from` that holds no blank. */
export function skipBlanks(text: string, from: number, end: number): number {
  let offset = from
  while (offset < end && isBlankAt(text, offset)) offset++
  return offset
}

/** First unescaped `quote` from `from`, or -1. Any backslash takes the character after it along. */
export function findQuote(text: string, from: number, quote: string): number {
  for (let offset = from; offset < text.length; offset++) {
    const character = text[offset]
    if (character === quote) return offset
    if (character === '\\') offset++
  }
  return -1
}

export function isBlankAt(text: string, offset: number): boolean {
  const code = text.charCodeAt(offset)
  return code === 0x20 || code === 0x09
}

function noDirective(found: string): string {
  if (found.startsWith('<')) {
    return `containers such as <IfModule> belong to Apache's configuration, not to a rule file: ${describe(found)}`
  }
  const hint = /^["'@,]/.test(found) ? '; does the line before lack its backslash?' : ''
  return `a directive was expected, found ${describe(found)}${hint}`
}

function readArgument(line: LogicalLine, start: number, problems: Problem[]): Span | undefined {
  const quote = line.text[start]
  if (quote === '"' || quote === "'") return readQuoted(line, start, { quote, problems })
  const isDataset = quote === '`' && /^[ \t]*SecDataset[ \t]/i.test(line.text)
  return isDataset ? readQuoted(line, start, { quote, problems }) : readBare(line, start, problems)
}

function readQuoted(
  line: LogicalLine,
  start: number,
  { quote, problems }: { quote: '"' | "'" | '`'; problems: Problem[] },
): Span | undefined {
  const end = findQuote(line.text, start + 1, quote)
  if (end < 0) {
    report(problems, line, start, `unterminated quote: no closing ${quote} before the end of the line`)
    return undefined
  }
  if (end + 1 < line.text.length && !isBlankAt(line.text, end + 1)) {
    report(
      problems,
      line,
      end + 1,
      `white space was expected after the closing ${quote}; a quote inside is written \\${quote}`,
    )
    return undefined
  }
  return { line, start: start + 1, end, quote }
}

/** Blanks may stand inside `'…'` after a colon: `ARGS:'first name'`. */
function readBare(line: LogicalLine, start: number, problems: Problem[]): Span | undefined {
  let offset = start
  for (; offset < line.text.length && !isBlankAt(line.text, offset); offset++) {
    const character = line.text[offset]
    if (character === '"' || line.text.charCodeAt(offset) > 0x7e) {
      const what = character === '"' ? 'quote' : `byte ${hex(line.text.charCodeAt(offset))}`
      report(problems, line, offset, `unexpected ${what} in an argument without quotes`)
      return undefined
    }
    if (character !== "'" || line.text[offset - 1] !== ':') continue
    const end = findQuote(line.text, offset + 1, "'")
    if (end < 0) {
      report(problems, line, offset, "unterminated quote: no closing ' before the end of the line")
      return undefined
    }
    offset = end
  }
  return { line, start, end: offset, quote: '' }
}

function wordEnd(text: string, start: number): number {
  let offset = start
  while (offset < text.length && !isBlankAt(text, offset)) offset++
  return offset
}
