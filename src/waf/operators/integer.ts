/** A `number` while that is exact, else a `bigint`: 9007199254740993 is not equal to 9007199254740992. */
export type Integer = number | bigint

/** Reads an integer as C's atoll does: white space, a sign, digits; the rest is ignored and nothing is 0. */
export function parseInteger(text: string): Integer {
  return parseDigits(text) ?? parseAny(text)
}

/** Most numbers are a few digits and nothing else. */
function parseDigits(text: string): number | undefined {
  const { length } = text
  if (length === 0 || length > 9) return undefined
  let number = 0
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return undefined
    number = number * 10 + digit
  }
  return number
}

function parseAny(text: string): Integer {
  const match = /^[\t\n\v\f\r ]*([+-]?)0*([0-9]*)/.exec(text)
  const digits = match?.[2] || '0'
  const magnitude = digits.length <= 15 ? Number(digits) : saturate(digits)
  return match?.[1] === '-' ? -magnitude : magnitude
}

/** Negative, zero or positive as `a` is below, equal to or above `b`. */
export function compareIntegers(a: Integer, b: Integer): -1 | 0 | 1 {
  if (a < b) return -1
  return a > b ? 1 : 0
}

/** Beyond 64 bits atoll saturates; converting a megabyte of digits would also take quadratic time. */
function saturate(digits: string): bigint {
  const largest = 2n ** 63n - 1n
  if (digits.length > 19) return largest
  const exact = BigInt(digits)
  return exact > largest ? largest : exact
}
