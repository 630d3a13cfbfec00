import { skipBlanks } from './arguments.ts'
import type { OperatorNode } from './ast.ts'
import { describe } from './describe.ts'
import type { Problem } from './location.ts'
import { report, type Span, wordAt } from './logical-line.ts'

/** `"!"? "@" name argument`; without `@` the whole text is a pattern of `@rx`. `@!name` negates, too. */
export function parseOperator(span: Span, problems: Problem[]): OperatorNode | undefined {
  const { text } = span.line
  let offset = skipBlanks(text, span.start, span.end)
  let negated = false
  if (offset < span.end && text[offset] === '!') {
    negated = true
    offset = skipBlanks(text, offset + 1, span.end)
  }
  if (offset >= span.end) {
    report(problems, span.line, offset, 'the operator is empty: it would match everything')
    return undefined
  }
  if (text[offset] !== '@') {
    const argument = wordAt(span, offset, span.end)
    return { negated, name: { text: 'rx', location: argument.location }, argument }
  }
  return parseNamed(span, offset + 1, negated, problems)
}

function parseNamed(span: Span, start: number, negated: boolean, problems: Problem[]): OperatorNode | undefined {
  const { text } = span.line
  const hasInnerNegation = start < span.end && text[start] === '!'
  const nameStart = hasInnerNegation ? start + 1 : start
  let nameEnd = nameStart
  while (nameEnd < span.end && /[A-Za-z0-9_]/.test(text[nameEnd] ?? '')) nameEnd++
  if (hasInnerNegation && negated) {
    report(problems, span.line, start, 'the operator is negated twice')
    return undefined
  }
  if (nameEnd === nameStart) {
    report(
      problems,
      span.line,
      nameStart,
      'the name of an operator is missing after "@"; a pattern that begins with "@" is written \\@',
    )
    return undefined
  }
  if (nameEnd < span.end && text[nameEnd] !== ' ' && text[nameEnd] !== '\t') {
    report(
      problems,
      span.line,
      nameEnd,
      `white space was expected after the name of the operator, found ${describe(text[nameEnd] ?? '')}`,
    )
    return undefined
  }
  const argumentStart = skipBlanks(text, nameEnd, span.end)
  const argument = wordAt(span, argumentStart, span.end)
  return { negated: negated || hasInnerNegation, name: wordAt(span, nameStart, nameEnd), argument }
}
