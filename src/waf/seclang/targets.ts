import { skipBlanks } from './arguments.ts'
import type { SelectorNode, TargetNode, Word } from './ast.ts'
import { describe } from './describe.ts'
import type { Problem } from './location.ts'
import { report, type Span, spanOfWord, wordAt } from './logical-line.ts'
import type { SourceText } from './source-text.ts'

/** The target list of a directive's argument (SecRuleUpdateTargetById …), as in SecRule. */
export function parseTargets(word: Word, source: SourceText): { targets: TargetNode[]; problems: Problem[] } {
  const problems: Problem[] = []
  return { targets: parseTargetList(spanOfWord(word, source), problems), problems }
}

/** `target ("|" target)*`; a comma separates just as well. Ends at the first problem. */
export function parseTargetList(span: Span, problems: Problem[]): TargetNode[] {
  const { text } = span.line
  const targets: TargetNode[] = []
  let offset = skipBlanks(text, span.start, span.end)
  for (;;) {
    const parsed = parseTarget(span, offset, problems)
    if (!parsed) return targets
    targets.push(parsed.target)
    offset = skipBlanks(text, parsed.end, span.end)
    if (offset >= span.end) return targets
    if (!isSeparator(text[offset])) {
      report(
        problems,
        span.line,
        offset,
        `"|" or the end of the targets was expected, found ${describe(text[offset] ?? '')}`,
      )
      return targets
    }
    offset = skipBlanks(text, offset + 1, span.end)
  }
}

interface Parsed<T> {
  readonly end: number
  readonly target: T
}

/** `("!" | "&")? NAME ((":" | ".") selector)?`: `TX.score` is an old spelling of `TX:score`. */
function parseTarget(span: Span, start: number, problems: Problem[]): Parsed<TargetNode> | undefined {
  const { line } = span
  const prefix = line.text[start]
  const mode = start < span.end && prefix === '!' ? 'exclude' : start < span.end && prefix === '&' ? 'count' : 'include'
  const nameStart = mode === 'include' ? start : start + 1
  const nameEnd = variableEnd(line.text, nameStart, span.end)
  if (nameEnd === nameStart) {
    report(problems, line, nameStart, missingVariable(span, nameStart, mode))
    return undefined
  }
  const name = wordAt(span, nameStart, nameEnd)
  const variable = { ...name, text: name.text.toUpperCase() }
  const hasSelector = nameEnd < span.end && (line.text[nameEnd] === ':' || line.text[nameEnd] === '.')
  if (!hasSelector) return { end: nameEnd, target: { mode, variable, selector: undefined } }
  const parsed = parseSelector(span, nameEnd + 1, variable.text === 'XML', problems)
  return parsed && { end: parsed.end, target: { mode, variable, selector: parsed.target } }
}

function missingVariable(span: Span, offset: number, mode: TargetNode['mode']): string {
  const { text } = span.line
  if (offset < span.end && /[!&]/.test(text[offset] ?? '') && mode !== 'include')
    return '"!" and "&" exclude each other'
  if (offset < span.end && !isSeparator(text[offset]))
    return `a variable was expected, found ${describe(text[offset] ?? '')}`
  return skipBlanks(text, span.start, span.end) >= span.end ? 'the target list is empty' : 'a variable is missing here'
}

/** `'name'`, `/regex/`, `'/regex/'` or a name without quotes. What follows XML: is an XPath expression, never a regex. */
function parseSelector(
  span: Span,
  start: number,
  isXpath: boolean,
  problems: Problem[],
): Parsed<SelectorNode> | undefined {
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
  return { end, target: { kind: 'name', name: wordAt(span, start, end) } }
}

function parseQuotedSelector(
  span: Span,
  start: number,
  isXpath: boolean,
  problems: Problem[],
): Parsed<SelectorNode> | undefined {
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
  if (isRegex) return { end: end + 1, target: { kind: 'regex', pattern: wordAt(span, start + 2, end - 1) } }
  return { end: end + 1, target: { kind: 'name', name: { ...word, text: word.text.replaceAll("\\'", "'") } } }
}

function parseRegexSelector(span: Span, start: number, problems: Problem[]): Parsed<SelectorNode> | undefined {
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
  return { end: end + 1, target: { kind: 'regex', pattern: wordAt(span, start + 1, end) } }
}

/** First `closing` after `open` that no backslash escapes, within the span; -1 without one. */
function findClosing(span: Span, open: number, closing: string): number {
  for (let offset = open + 1; offset < span.end; offset++) {
    if (span.line.text[offset] === closing) return offset
    if (span.line.text[offset] === '\\') offset++
  }
  return -1
}

function variableEnd(text: string, start: number, end: number): number {
  let offset = start
  while (offset < end && /[A-Za-z0-9_]/.test(text[offset] ?? '')) offset++
  return offset
}

function bareEnd(span: Span, start: number): number {
  let offset = start
  while (offset < span.end && !/[|,\s]/.test(span.line.text[offset] ?? '')) offset++
  return offset
}

function isSeparator(character: string | undefined): boolean {
  return character === '|' || character === ','
}
