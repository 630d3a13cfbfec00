import { translatePcre } from '../../operators/pcre-to-v8.ts'
import { readPatternTree } from '../../prefilter/pattern-tree.ts'
import { fingerprints } from './fingerprints.ts'
import { fold, mayBeUnmistakable } from './fold.ts'
import { isPlausible, type Suspect } from './plausible.ts'
import { readTokens } from './read-tokens.ts'
import type { Reading } from './token.ts'
import { tellingWord } from './words.ts'

/** The fingerprint of the SQL injection that a value is, read as it stands or from inside a quoted string. */
export function findSqlInjection(value: string): string | undefined {
  if (isHarmless(value)) return undefined
  const isRead = mayBeUnmistakable(value) ? 'far' : 'short'
  for (const reading of readingsOf(value)) {
    let suspect = examine(value, reading, isRead)
    // A short look suffices for most values: it shows the whole fingerprint.
    if (isRead === 'short' && isKnown(suspect, fingerprints)) suspect = examine(value, reading)
    if (isInjection(suspect, fingerprints)) return suspect.fingerprint
  }
  return undefined
}

function isKnown({ fingerprint }: Suspect, known: ReadonlySet<string>): boolean {
  return fingerprint === 'X' || known.has(fingerprint)
}

/** Whether a value, read in one way, is an attack, `known` being the fingerprints of attacks. */
export function isInjection(suspect: Suspect, known: ReadonlySet<string>): boolean {
  if (suspect.fingerprint === 'X') return true
  if (suspect.folded.isUnmistakable && !isPath(suspect)) return true
  return known.has(suspect.fingerprint) && isPlausible(suspect)
}

/** No query goes on with a slash: what stands in a path can only break out of a string. */
function isPath({ value, reading }: Suspect): boolean {
  return reading.quote === '' && /^\/[^*]/.test(value)
}

/**
 * A value as one reading of it shows it.
 *
 * @param extent `short`: only what makes the fingerprint is read
 */
export function examine(value: string, reading: Reading, extent: 'far' | 'short' = 'far'): Suspect {
  const folded = fold(readTokens(value, reading), extent)
  let letters = ''
  for (const { type } of folded.tokens) letters += type
  if (letters.includes('X')) letters = 'X'
  // A semicolon at the end ends the query where it would have ended anyway.
  else if (letters.endsWith(';')) letters = letters.slice(0, -1)
  return { value, reading, folded, fingerprint: letters }
}

/**
 * Sound: each known fingerprint has a string, a parenthesis, a comment, or a word or sign that a statement or condition needs; a
 * value in which none of these can be has none of them.
 */
export function isHarmless(value: string): boolean {
  return isPlain(value) && !tellingWord.test(value)
}

/** Members of a set of bytes: others open strings, parentheses or comments, or stand for a blank in the midst of words. */
const plain = '\\w .!%*+,/:;<=>?@[\\]^{|}~&-'
const plainByte = new RegExp(`[${plain}]`)
const isPlainByte = Uint8Array.from({ length: 256 }, (_, byte) => (plainByte.test(String.fromCharCode(byte)) ? 1 : 0))

/** Plain bytes that begin a comment or join conditions side by side, or a hexadecimal number, which hides where a word begins. */
const telling = ['--', '/*', '&&', '||', '0x', '0X'] as const
/** By byte: the one that must not stand before it; 0 for most. */
const notAfter = new Uint8Array(256)
for (const pair of telling) notAfter[pair.charCodeAt(1)] = pair.charCodeAt(0)

function isPlain(value: string): boolean {
  let before = -1
  for (let i = 0; i < value.length; i++) {
    const byte = value.charCodeAt(i)
    if (isPlainByte[byte] !== 1 || notAfter[byte] === before) return false
    before = byte
  }
  return true
}

function literally(text: string): string {
  return text.replace(/[*|]/g, '\\$&')
}

/** What is not harmless, as a pattern: for rules that need not even ask. */
export const suspicious = readPatternTree(
  translatePcre(`[^${plain}]|${telling.map(literally).join('|')}|(?i:${tellingWord.source})`, () => {
    throw new Error('the words of SQL make no pattern')
  }).source,
)

/** The ways in which databases may read a value; what none of them tells apart is read once. */
export function readingsOf(value: string): readonly Reading[] {
  const hasComment = value.includes('#') || (value.includes('--') && /--[^\0- ]/.test(value))
  const hasEscape = value.includes('\\') && /\\['"]/.test(value)
  const readings = [...readingsIn('', hasComment, hasEscape)]
  if (value.includes("'")) readings.push(...readingsIn("'", hasComment, hasEscape))
  if (value.includes('"')) readings.push(...readingsIn('"', hasComment, hasEscape))
  return readings
}

function readingsIn(quote: Reading['quote'], hasComment: boolean, hasEscape: boolean): Reading[] {
  const readings: Reading[] = [{ quote, dialect: 'standard', escapes: true }]
  if (hasComment) readings.push({ quote, dialect: 'mysql', escapes: true })
  if (hasEscape) readings.push({ quote, dialect: 'standard', escapes: false })
  return readings
}
