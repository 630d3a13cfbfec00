import type { CompiledOperator, OperatorContext } from './operator.ts'
import { compilePattern } from './pattern.ts'

/**
 * An operator that matches when something in the value fits the pattern and its digits, and only they, pass a check.
 * After a candidate that fails, the search goes on at the byte after its beginning, since numbers may stand side by side.
 */
export function matchNumbers(
  argument: string,
  context: OperatorContext,
  isValid: (digits: readonly number[]) => boolean,
): CompiledOperator {
  const { regex } = compilePattern(argument, context, 'g')
  return { test: (value) => findNumber(regex, value, isValid) }
}

/** No number that is checked is longer, separators included; skipping long candidates whole keeps the search linear. */
const longestCandidate = 64

function findNumber(pattern: RegExp, value: string, isValid: (digits: readonly number[]) => boolean): boolean {
  let from = 0
  while (from <= value.length) {
    pattern.lastIndex = from
    const match = pattern.exec(value)
    if (match === null) return false
    const isLong = match[0].length > longestCandidate
    if (!isLong && isValid(digitsOf(match[0]))) return true
    from = isLong ? match.index + match[0].length : match.index + 1
  }
  return false
}

function digitsOf(text: string): number[] {
  return Array.from(text.replace(/[^0-9]+/g, ''), Number)
}
