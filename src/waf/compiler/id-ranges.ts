import type { IdRange } from '../actions/action.ts'
import type { Word } from '../seclang/ast.ts'
import { reject } from './rejection.ts'

/** `1`, `1-9`, `"1 5-9"`, `1,5-9`. */
export function parseIdRanges(value: Word): IdRange[] {
  const parts = value.text.split(/[\s,]+/).filter((part) => part !== '')
  if (parts.length === 0) reject(value, 'an id or a range of ids is missing')
  return parts.map((part) => parseRange(part, value))
}

function parseRange(part: string, value: Word): IdRange {
  const found = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part)
  if (found === null) return reject(value, `"${part}" is neither an id nor a range of ids`, value.text.indexOf(part))
  const first = Number(found[1])
  const last = found[2] === undefined ? first : Number(found[2])
  if (last < first) reject(value, `the range "${part}" ends before it begins`, value.text.indexOf(part))
  return { first, last }
}
