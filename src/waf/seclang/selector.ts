import type { SelectorNode } from './ast.ts'
import { describe } from './describe.ts'
import type { Problem } from './location.ts'
import { report, type Span, wordAt } from './logical-line.ts'

export interface ParsedSelector {
  /** Offset behind it. */
  readonly end: number
  readonly selector: SelectorNode
}

/**
 * `'name'`, `/regex/`, `'/regex/'` or a name without quotes. What follows XML: is an XPath expression, never a regex.
 *
 * @param start offset behind the colon
 */
export function parseSelector(
  span: Span,
  start: number,
  isXpath: boolean,
  problems: Problem[],
): ParsedSelector | undefined {
  const first = start < span.end ? span.line.text[start] : undefined
  if (first === undefined || isSeparator(first) || first === ' ' || first === '\t') {
    report(problems, span.line, start, 'a selector is missing here')
    return undefined
  }
  if (first === "'") return parseQuotedSelector(span, start, isXpath, problems)
  if (first === '/' && !isXpath) return parseRegexSelector(span, start, problems)
  const end = bareEnd(span, start)
  const stray = span.line.text.slice(start, end).search(isXpath ? /[`]/ : /['"`&!]/)
  if (stray >= 0) {
    report(
      problems,
      span.line,
      start + stray,
      `unexpected ${describe(span.line.text[start + stray] ?? '')} in a selector without quotes`,
    )
    return undefined
  }
  return { end, selector: { kind: 'name', name: wordAt(span, start, end) } }
}

function parseQuotedSelector(
  span: Span,
  start: number,
  isXpath: boolean,
  problems: Problem[],
): ParsedSelector | undefined {
  const end = findClosing(span, start, "'")
  if (end < 0) {
    report(problems, span.line, start, "unterminated quote: no closing ' in the target list")
    return undefined
  }
  const word = wordAt(span, start + 1, end)
  if (word.text === '' || word.text === '//') {
    report(problems, span.line, start + 1, 'the selector is empty')
    return undefined
  }
  const isRegex = !isXpath && word.text.length > 2 && word.text.startsWith('/') && word.text.endsWith('/')
  if (isRegex) return { end: end + 1, selector: { kind: 'regex', pattern: wordAt(span, start + 2, end - 1) } }
  return { end: end + 1, selector: { kind: 'name', name: { ...word, text: word.text.replaceAll("\\'", "'") } } }
}

function parseRegexSelector(span: Span, start: number, problems: Problem[]): ParsedSelector | undefined {
  const end = findClosing(span, start, '/')
  if (end < 0) {
    report(
      problems,
      span.line,
      start,
      'the regular expression has no closing "/"; a name that begins with "/" needs quotes',
    )
    return undefined
  }
  if (end === start + 1) {
    report(problems, span.line, start, 'the selector is empty')
    return undefined
  }
  if (end + 1 < span.end && /[^|,\s]/.test(span.line.text[end + 1] ?? '')) {
    report(problems, span.line, end + 1, 'unexpected text after the closing "/"; a "/" inside is written \\/')
    return undefined
  }
  return { end: end + 1, selector: { kind: 'regex', pattern: wordAt(span, start + 1, end) } }
}

/** First `closing` after `open` that no backslash escapes, within the span; -1 without one. */
function findClosing(span: Span, open: number, closing: string): number {
  for (let offset = open + 1; offset < span.end; offset++) {
    if (span.line.text[offset] === closing) return offset
    if (span.line.text[offset] === '\\') offset++
  }
  return -1
}

function bareEnd(span: Span, start: number): number {
  let offset = start
  while (offset < span.end && !/[|,\s]/.test(span.line.text[offset] ?? '')) offset++
  return offset
}

/** Between the targets of a list. */
export function isSeparator(character: string | undefined): boolean {
  return character === '|' || character === ','
}
