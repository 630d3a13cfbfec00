import type { OperatorWord } from './operator.ts'
import { matchNumbers } from './verified-number.ts'

/** The pattern finds a Brazilian taxpayer number (CPF) whose two check digits are right. */
export const verifyCPF: OperatorWord = {
  name: 'verifyCPF',
  argument: 'literal',
  compile: (argument, context) => matchNumbers(argument, context, isCpf),
}

function isCpf(digits: readonly number[]): boolean {
  // Fillers, though their check digits are right: one digit throughout, and 012.345.678-90.
  const isFiller = digits.every((digit) => digit === digits[0]) || digits.every((digit, i) => digit === i % 10)
  return (
    digits.length === 11 && !isFiller && digits[9] === checkDigit(digits, 9) && digits[10] === checkDigit(digits, 10)
  )
}

/** Weights fall from `count + 1` to 2. */
function checkDigit(digits: readonly number[], count: number): number {
  const sum = digits.slice(0, count).reduce((total, digit, i) => total + digit * (count + 1 - i), 0)
  const remainder = sum % 11
  return remainder < 2 ? 0 : 11 - remainder
}
