import type { Reading } from './token.ts'

/** The byte at an offset, -1 behind the end: V8 is slow to read there. */
export function byteAt(value: string, at: number): number {
  return at < value.length ? value.charCodeAt(at) : -1
}

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
  const first = byteAt(value, from)
  const second = byteAt(value, from + 1) | 0x20
  if (first === 0x24) return endOfMoney(value, from)
  const end = first === 0x30 && (second === 0x78 || second === 0x62) ? endOfAny(value, from) : endOfDecimal(value, from)
  return end === from ? from : end + suffixLength(value, end)
}

function endOfMoney(value: string, from: number): number {
  const end = endOfAny(value, from)
  if (end === from) return from
  moneyRest.lastIndex = end
  return moneyRest.test(value) ? moneyRest.lastIndex : end
}

function endOfAny(value: string, from: number): number {
  number.lastIndex = from
  return number.test(value) ? number.lastIndex : from
}

/** The last alternative of `number` without its `$`: most numbers are of this kind. */
function endOfDecimal(value: string, from: number): number {
  let end = endOfDigits(value, from)
  if (byteAt(value, end) === 0x2e) {
    const fraction = endOfDigits(value, end + 1)
    if (end === from && fraction === end + 1) return from
    end = fraction
  }
  if (end === from || (byteAt(value, end) | 0x20) !== 0x65) return end
  const sign = byteAt(value, end + 1)
  const exponent = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1
  const behind = endOfDigits(value, exponent)
  return behind === exponent ? end : behind
}

function endOfDigits(value: string, from: number): number {
  let at = from
  for (let byte = byteAt(value, at); byte >= 0x30 && byte <= 0x39; byte = byteAt(value, at)) at++
  return at
}

/** Oracle's `1d` and `1f`; a longer word (`1from`) begins there instead. */
function suffixLength(value: string, end: number): number {
  const letter = byteAt(value, end) | 0x20
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
