import { skipBlanks } from './arguments.ts'
import type { ActionNode, Word } from './ast.ts'
import { describe } from './describe.ts'
import type { Problem } from './location.ts'
import { report, type Span, spanOfWord, wordAt } from './logical-line.ts'
import type { SourceText } from './source-text.ts'

/** The action list of a directive's argument (SecDefaultAction, SecRuleUpdateActionById), as in SecRule. */
export function parseActions(word: Word, source: SourceText): { actions: ActionNode[]; problems: Problem[] } {
  const problems: Problem[] = []
  return { actions: parseActionList(spanOfWord(word, source), problems), problems }
}

/** `action ("," action)*`. Ends at the first problem. */
export function parseActionList(span: Span, problems: Problem[]): ActionNode[] {
  const { text } = span.line
  const actions: ActionNode[] = []
  let offset = skipBlanks(text, span.start, span.end)
  for (;;) {
    const parsed = parseAction(span, offset, problems)
    if (!parsed) return actions
    actions.push(parsed.action)
    offset = skipBlanks(text, parsed.end, span.end)
    if (offset >= span.end) return actions
    if (text[offset] !== ',') {
      report(problems, span.line, offset, `a comma was expected, found ${describe(text[offset] ?? '')}`)
      return actions
    }
    offset = skipBlanks(text, offset + 1, span.end)
  }
}

interface ParsedAction {
  readonly end: number
  readonly action: ActionNode
}

/** `name (":" ("'" value "'" | value))?` */
function parseAction(span: Span, start: number, problems: Problem[]): ParsedAction | undefined {
  const { text } = span.line
  let nameEnd = start
  while (nameEnd < span.end && /[A-Za-z0-9_]/.test(text[nameEnd] ?? '')) nameEnd++
  if (nameEnd === start) {
    report(problems, span.line, start, missingAction(span, start))
    return undefined
  }
  const written = wordAt(span, start, nameEnd)
  const name = { ...written, text: written.text.toLowerCase() }
  if (nameEnd >= span.end || text[nameEnd] !== ':') return { end: nameEnd, action: { name, argument: undefined } }
  const value = parseValue(span, nameEnd + 1, name, problems)
  return value && { end: value.end, action: { name, argument: value.word } }
}

function missingAction(span: Span, offset: number): string {
  const { text } = span.line
  if (offset < span.end && text[offset] !== ',') return `an action was expected, found ${describe(text[offset] ?? '')}`
  return skipBlanks(text, span.start, span.end) >= span.end ? 'the action list is empty' : 'an action is missing here'
}

interface ParsedValue {
  readonly end: number
  readonly word: Word
}

function parseValue(span: Span, start: number, action: Word, problems: Problem[]): ParsedValue | undefined {
  const { text } = span.line
  if (start < span.end && text[start] === "'") return parseQuotedValue(span, start, problems)
  const end = bareEnd(span, start)
  if (end === start) {
    report(problems, span.line, start, `a value is missing after "${action.text}:"`)
    return undefined
  }
  const stray = strayAt(text.slice(start, end))
  if (stray >= 0) {
    report(problems, span.line, start + stray, `a value with a blank or a quote in it is written ${action.text}:'…'`)
    return undefined
  }
  return { end, word: wordAt(span, start, end) }
}

/** A blank, or a quote without its partner; `soap='urn:x'` is one value that keeps its quotes. */
function strayAt(value: string): number {
  const blank = value.search(/\s/)
  return blank < 0 && value.split("'").length % 2 === 0 ? value.lastIndexOf("'") : blank
}

/** Commas and blanks are plain text inside; `\'` stands for a quote. */
function parseQuotedValue(span: Span, start: number, problems: Problem[]): ParsedValue | undefined {
  const { text } = span.line
  for (let offset = start + 1; offset < span.end; offset++) {
    if (text[offset] === '\\') offset++
    else if (text[offset] === "'") {
      const word = wordAt(span, start + 1, offset)
      return { end: offset + 1, word: { ...word, text: word.text.replaceAll("\\'", "'") } }
    }
  }
  report(problems, span.line, start, "unterminated quote: no closing ' in the action list")
  return undefined
}

/** Up to the comma; blanks before it do not belong to the value. */
function bareEnd(span: Span, start: number): number {
  const comma = span.line.text.indexOf(',', start)
  let end = comma < 0 || comma > span.end ? span.end : comma
  while (end > start && /\s/.test(span.line.text[end - 1] ?? '')) end--
  return end
}
