import { complement } from './byte-set.ts'
import type { OperatorContext, OperatorWord, Span } from './operator.ts'

/** Matches a value with a byte outside the ranges: `9,10,13,32-126`. */
export const validateByteRange: OperatorWord = {
  name: 'validateByteRange',
  argument: 'literal',
  compile: (argument, context) => {
    const allowed = parseRanges(argument, context)
    return {
      requires: () => ({ kind: 'set', set: complement(allowed) }),
      test: (value) => hasOther(allowed, value),
      locate: (value) => locateOthers(allowed, value),
    }
  },
}

function hasOther(allowed: Uint8Array, value: string): boolean {
  for (let i = 0; i < value.length; i++) if (allowed[value.charCodeAt(i)] !== 1) return true
  return false
}

/** A log line has no room for more. */
const SPAN_LIMIT = 100

function locateOthers(allowed: Uint8Array, value: string): Span[] {
  const spans: Span[] = []
  for (let i = 0; i < value.length && spans.length < SPAN_LIMIT; i++) {
    if (allowed[value.charCodeAt(i)] !== 1) spans.push({ offset: i, length: 1 })
  }
  return spans
}

function parseRanges(argument: string, context: OperatorContext): Uint8Array {
  const allowed = new Uint8Array(256)
  let offset = 0
  for (const part of argument.trim() === '' ? [] : argument.split(',')) {
    const match = /^\s*([0-9]{1,3})\s*(?:-\s*([0-9]{1,3})\s*)?$/.exec(part)
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (match === null || last > 255 || first > last)
      context.fail(`not a byte or a range of bytes: ${part.trim()}`, offset)
    allowed.fill(1, first, last + 1)
    offset += part.length + 1
  }
  return allowed
}
