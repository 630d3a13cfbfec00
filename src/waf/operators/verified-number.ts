import type { CompiledOperator, OperatorContext, Span } from './operator.ts'
import { compilePattern } from './pattern.ts'

/** Whether the digits of a number, or the text that it stands in, are right. */
export type NumberCheck = (digits: readonly number[], text: string) => boolean

/**
 * An operator that matches when something in the value fits the pattern and its digits, and only they, pass a check.
 * Captures that something.
 * After a candidate that fails, the search goes on at the byte after its beginning, since numbers may stand side by side.
 */
export function matchNumbers(argument: string, context: OperatorContext, isValid: NumberCheck): CompiledOperator {
  const { regex } = compilePattern(argument, context, 'g')
  return {
    test: (value) => findNumber(regex, value, isValid) !== undefined,
    exec: (value) => {
      const found = findNumber(regex, value, isValid)
      return found && { captures: [value.slice(found.offset, found.offset + found.length)] }
    },
    locate: (value) => {
      const found = findNumber(regex, value, isValid)
      return found === undefined ? [] : [found]
    },
  }
}

/** No number that is checked is longer, separators included; skipping long candidates whole keeps the search linear. */
const longestCandidate = 64

function findNumber(pattern: RegExp, value: string, isValid: NumberCheck): Span | undefined {
  let from = 0
  while (from <= value.length) {
    pattern.lastIndex = from
    const match = pattern.exec(value)
    if (match === null) return undefined
    const { length } = match[0]
    const isLong = length > longestCandidate
    if (!isLong && isValid(digitsOf(match[0]), match[0])) return { offset: match.index, length }
    from = isLong ? match.index + length : match.index + 1
  }
  return undefined
}

function digitsOf(text: string): number[] {
  return Array.from(text.replace(/[^0-9]+/g, ''), Number)
}
