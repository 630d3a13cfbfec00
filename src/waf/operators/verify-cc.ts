import type { OperatorWord } from './operator.ts'
import { matchNumbers } from './verified-number.ts'

/** The pattern finds a number whose Luhn checksum is right, as that of a payment card. */
export const verifyCC: OperatorWord = {
  name: 'verifyCC',
  argument: 'literal',
  compile: (argument, context) => matchNumbers(argument, context, hasLuhnChecksum),
}

/** ISO/IEC 7812-1: every second digit from the right is doubled; the sum of all digits is a multiple of ten. */
function hasLuhnChecksum(digits: readonly number[]): boolean {
  const sum = digits
    .toReversed()
    .reduce((total, digit, i) => total + (i % 2 === 0 ? digit : Math.trunc(digit / 5) + ((digit * 2) % 10)), 0)
  return digits.length > 0 && sum % 10 === 0
}
