import type { OperatorWord } from './operator.ts'
import { matchNumbers } from './verified-number.ts'

/** The pattern finds an Austrian social security number whose check digit is right. */
export const verifySVNR: OperatorWord = {
  name: 'verifySVNR',
  argument: 'literal',
  compile: (argument, context) => matchNumbers(argument, context, isSvnr),
}

const weights: readonly number[] = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]

/** The fourth digit checks the other nine: their weighted sum modulo eleven. Digits that are all alike are a filler. */
function isSvnr(digits: readonly number[]): boolean {
  const sum = digits.reduce((total, digit, i) => total + digit * (weights[i] ?? 0), 0)
  return (
    digits.length === weights.length && digits.some((digit) => digit !== digits[0]) && (sum % 11) % 10 === digits[3]
  )
}
