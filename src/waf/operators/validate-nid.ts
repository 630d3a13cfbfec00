import type { OperatorWord } from './operator.ts'
import { matchNumbers, type NumberCheck } from './verified-number.ts'
import { isSocialSecurityNumber } from './verify-ssn.ts'

/** Coraza's check of national identity numbers: `cl` (Chile) or `us`, then the pattern that finds them. */
export const validateNid: OperatorWord = {
  name: 'validateNid',
  argument: 'literal',
  compile: (argument, context) => {
    const found = /^(\S+)\s+(?=\S)/.exec(argument)
    const check = found === null ? undefined : countries.get((found[1] ?? '').toLowerCase())
    if (found === null || check === undefined) return context.fail('@validateNid takes cl or us, and a pattern')
    const { length } = found[0]
    return matchNumbers(
      argument.slice(length),
      { ...context, fail: (message, offset = 0) => context.fail(message, length + offset) },
      check,
    )
  },
}

const countries: ReadonlyMap<string, NumberCheck> = new Map([
  ['cl', isRolUnicoTributario],
  ['us', isSocialSecurityNumber],
])

/** Chile's RUT: the last digit, or K, is the remainder by eleven of the others, weighted 2 to 7 from the right. */
function isRolUnicoTributario(_: readonly number[], text: string): boolean {
  const [, body = '', check] = /^(\d{6,})([\dk])$/.exec(text.toLowerCase().replace(/[^\dk]+/g, '')) ?? []
  if (check === undefined) return false
  const sum = Array.from(body, Number)
    .toReversed()
    .reduce((total, digit, i) => total + digit * (2 + (i % 6)), 0)
  const remainder = sum % 11
  return check === (remainder === 0 ? '0' : remainder === 1 ? 'k' : String(11 - remainder))
}
