import { skipBlanks } from './arguments.ts'
import type { TargetNode, Word } from './ast.ts'
import { describe } from './describe.ts'
import type { Problem } from './location.ts'
import { report, type Span, spanOfWord, wordAt } from './logical-line.ts'
import { isSeparator, parseSelector } from './selector.ts'
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

interface ParsedTarget {
  readonly end: number
  readonly target: TargetNode
}

/** `("!" | "&")? NAME ((":" | ".") selector)?`: `TX.score` is an old spelling of `TX:score`. */
function parseTarget(span: Span, start: number, problems: Problem[]): ParsedTarget | undefined {
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
  const parsed = parseSelector(span, nameEnd + 1, /^(?:REQUEST_|RESPONSE_)?XML$/i.test(variable.text), problems)
  return parsed && { end: parsed.end, target: { mode, variable, selector: parsed.selector } }
}

function missingVariable(span: Span, offset: number, mode: TargetNode['mode']): string {
  const { text } = span.line
  if (offset < span.end && /[!&]/.test(text[offset] ?? '') && mode !== 'include')
    return '"!" and "&" exclude each other'
  if (offset < span.end && !isSeparator(text[offset]))
    return `a variable was expected, found ${describe(text[offset] ?? '')}`
  return skipBlanks(text, span.start, span.end) >= span.end ? 'the target list is empty' : 'a variable is missing here'
}

function variableEnd(text: string, start: number, end: number): number {
  let offset = start
  while (offset < end && /[A-Za-z0-9_]/.test(text[offset] ?? '')) offset++
  return offset
}
