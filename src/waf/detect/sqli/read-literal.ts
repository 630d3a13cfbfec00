import type { Reading } from './token.ts'

/** Where a string ends that began before `from`: behind its closing quote, which a second one keeps open. */
export function endOfString(value: string, from: number, quote: string, escapes: Reading['escapes']): number {
  let at = from
  for (;;) {
    const found = value.indexOf(quote, at)
    if (found < 0) return -1
    if (escapes && isEscaped(value, found, from)) at = found + 1
    else if (value[found + 1] === quote) at = found + 2
    else return found + 1
  }
}

function isEscaped(value: string, at: number, from: number): boolean {
  let slashes = 0
  // Backslashes before a quote belong to this quote alone: the search as a whole stays linear.
  for (let before = at - 1; before >= from && value[before] === '\\'; before--) slashes++
  return slashes % 2 === 1
}

const number = /0x[0-9a-f]+|0b[01]+(?![0-9a-z_])|\$?(?:[0-9][0-9]*(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?/iy
const moneyRest = /[0-9.,]+/y

/** Where the number ends that begins at `from`; `from` itself where there is none. */
export function endOfNumber(value: string, from: number): number {
  number.lastIndex = from
  if (!number.test(value)) return from
  const end = number.lastIndex
  if (value[from] === '$') {
    moneyRest.lastIndex = end
    return moneyRest.test(value) ? moneyRest.lastIndex : end
  }
  return end + suffixLength(value, end)
}

/** Oracle's `1d` and `1f`; a longer word (`1from`) begins there instead. */
function suffixLength(value: string, end: number): number {
  const letter = value.charCodeAt(end) | 0x20
  if (letter !== 0x64 && letter !== 0x66) return 0
  const rest = value.slice(end + 1, end + 7).toLowerCase()
  return rest === '' || !/^[a-z0-9_$.]/.test(rest) || /^(?:union|or\b|and\b)/.test(rest) ? 1 : 0
}

const dollarTag = /\$[a-z_]*\$/iy

/** Where PostgreSQL's `$$…$$` or `$tag$…$tag$` ends; `from` itself where there is none. */
export function endOfDollarString(value: string, from: number): number {
  dollarTag.lastIndex = from
  if (!dollarTag.test(value)) return from
  const tag = value.slice(from, dollarTag.lastIndex)
  const close = value.indexOf(tag, dollarTag.lastIndex)
  return close < 0 ? value.length : close + tag.length
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' }

/** Where Oracle's `q'[…]'` ends, `from` being its quote. */
export function endOfQuotedString(value: string, from: number): number {
  const opening = value[from + 1]
  if (opening === undefined || opening <= ' ') return from
  const close = value.indexOf(`${closing[opening] ?? opening}'`, from + 2)
  return close < 0 ? value.length : close + 2
}
