import type { Folded } from './fold.ts'
import type { Reading, Token } from './token.ts'

/** A value, how it was read and what was left of it. */
export interface Suspect {
  readonly value: string
  readonly reading: Reading
  readonly folded: Folded
  readonly fingerprint: string
}

/**
 * Whether a value whose fingerprint is that of an attack can be one: the short fingerprints are those of prose too
 * (`7 and 5`, `"pink" - "blue"`, `size 7" #2`), and the words themselves decide.
 */
export function isPlausible(suspect: Suspect): boolean {
  const { value, folded, fingerprint } = suspect
  if (folded.tokens.some(({ text }) => text === 'case') && !/when/i.test(value)) return false
  if (folded.adjacentNames > 0 && !/[UETB;(c&]/.test(fingerprint)) return false
  // Three names side by side are no SQL: a name may have one alias.
  if (folded.adjacentNames > 1 && !/[UTE]/.test(fingerprint)) return false
  if (/U/.test(fingerprint) && !/[E(]|U[ck]?$/.test(fingerprint)) return false
  if (fingerprint === '1U') return folded.read > 2
  if (/^[1n]?E[nk]*$/.test(fingerprint)) return readsTable(suspect)
  if (/^.c$/.test(fingerprint)) return endsInComment(suspect)
  if (/^s[on]*c$/.test(fingerprint)) return !isProse(value, folded.tokens.at(-1))
  if (/^s(?:[o&]s)+$/.test(fingerprint)) return splitsString(suspect)
  if (/^[1nvs](?:o[1nv]?)?&[1nvsokt,&]*c?$/.test(fingerprint)) return decidesCondition(suspect)
  if (/^[1sn](?:,[1sn])?\),\(/.test(fingerprint)) return /\([\0- ]*select/i.test(value)
  if (/^f\([1s]\)$/.test(fingerprint)) return waits(suspect)
  return true
}

/** `select x from y`, but not `update the charsets` nor `select one from each`. */
function readsTable({ value, folded }: Suspect): boolean {
  return folded.adjacentNames === 0 && folded.tokens.some(({ start }) => /^select/i.test(value.slice(start, start + 6)))
}

/** `--infant -child`: without a blank after the hyphens, and several words. */
function isProse(value: string, comment: Token | undefined): boolean {
  return comment !== undefined && /^--[^\0- ]+[\0- ]+[^\0- ]/.test(value.slice(comment.start))
}

function endsInComment(suspect: Suspect): boolean {
  const { value, folded, fingerprint } = suspect
  const [first, comment] = folded.tokens
  if (!first || !comment) return false
  const rest = value.slice(comment.start + comment.text.length)
  if (fingerprint === 'sc' && comment.text === '/*') return suspect.reading.quote !== ''
  if (fingerprint === 'sc') return cutsString(suspect, first, comment, rest)
  if (comment.text === '/*' && fingerprint === 'nc')
    return folded.read === 2 && comment.start === first.end && /[^*/].*\*\/$/s.test(rest)
  if (comment.text === '#' || folded.tokens[0]?.type === 'n') return false
  if (comment.text === '/*') return fingerprint !== '1c' || !/[a-z]{3}/i.test(value.slice(0, comment.start))
  if (/[\0- ]$/.test(value.slice(0, comment.start)) && /[a-z]{2}/i.test(rest)) return false
  // No list, no name before it; no prose in it.
  const inFront = value.slice(0, comment.start)
  return !/,|[a-z]{3}/i.test(inFront.replace(/@+[a-z_]*/i, '')) && /^[\0- ]*[0-9A-Za-z_'")]*[\0- ]*$/.test(rest)
}

/** `admin'--` and `admin' #` are attacks; `7" #2 needle` and `dresses' --infant` are not. */
function cutsString({ value, reading }: Suspect, first: Token, comment: Token, rest: string): boolean {
  if (reading.quote === '') return false
  const isTight = comment.start === first.end
  const isWord = !/[\0- '"]/.test(rest.trim())
  if (comment.text === '--') return isTight ? rest === '' || /^[\0- ]/.test(rest) || isWord : !/[a-z]{2}/i.test(rest)
  const inside = value.slice(0, first.end - 1)
  if (rest.trim() === '') return !/[\0- ]$/.test(inside)
  return isTight && inside !== '' && !/[\0- ]/.test(inside)
}

/** `a' or 'b`: out of the query's string and into the next one, which the query itself closes. */
function splitsString({ reading, folded, fingerprint, value }: Suspect): boolean {
  const last = folded.tokens.at(-1)
  const operator = folded.tokens[1]
  if (!last || !operator) return false
  const isCut = fingerprint.length === 5 && folded.read > 5
  if (last.isWhole && !isCut) return false
  if (reading.quote === '') return folded.comparisons > 0
  if (value[last.start] !== reading.quote) return false
  const behind = value.slice(last.start + 1)
  if (reading.quote === "'") return !/[(){}[\];]/.test(behind)
  // Double quotes around words are prose more often than SQL.
  const isArithmetic = folded.comparisons > 0 || !/[a-z]/.test(operator.text) || /^[0-9]/.test(value)
  return isArithmetic && !/[\0- ].|[=<>]/s.test(behind.trim())
}

/** `1 or 1=1`, `' or 1` and `' or true`, but not `7 and 5`. */
function decidesCondition({ folded, value, reading, fingerprint }: Suspect): boolean {
  if (folded.comparisons > 0 || folded.comments > 0) return true
  if (reading.quote !== '' && fingerprint === 's&v') return true
  const last = folded.tokens.at(-1)
  if (reading.quote !== '' && last?.type === 's' && !last.isWhole)
    return reading.quote === "'" || /[ov1]/.test(fingerprint)
  const logic = folded.tokens[1]
  return logic !== undefined && /^[\0- ]*(?:[01]|true|false)[\0- ]*$/i.test(value.slice(logic.end))
}

/** A function on its own is an attack when all it does is to wait or to read a file. */
function waits({ value, folded }: Suspect): boolean {
  const name = folded.tokens[0]?.text ?? ''
  return (
    /^(?:pg_sleep|benchmark|load_file)$/.test(name) || (name === 'sleep' && /\([\0- ]*[0-9]{1,3}[\0- ]*\)/.test(value))
  )
}
