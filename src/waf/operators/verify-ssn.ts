import type { OperatorWord } from './operator.ts'
import { matchNumbers } from './verified-number.ts'

/** The pattern finds a US social security number that may have been issued. */
export const verifySSN: OperatorWord = {
  name: 'verifySSN',
  argument: 'literal',
  compile: (argument, context) => matchNumbers(argument, context, isSocialSecurityNumber),
}

/** Nine digits, neither all alike nor counting up; no part is zero; areas 666 and from 740 on were not issued. */
export function isSocialSecurityNumber(digits: readonly number[]): boolean {
  if (digits.length !== 9 || hasStep(digits, 0) || hasStep(digits, 1)) return false
  const [area = 0, group = 0, serial = 0] = [digits.slice(0, 3), digits.slice(3, 5), digits.slice(5)].map((part) =>
    Number(part.join('')),
  )
  return area > 0 && area < 740 && area !== 666 && group > 0 && serial > 0
}

function hasStep(digits: readonly number[], step: number): boolean {
  return digits.every((digit, i) => i === 0 || digit - (digits[i - 1] ?? 0) === step)
}
