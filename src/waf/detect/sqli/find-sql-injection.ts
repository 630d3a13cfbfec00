import { translatePcre } from '../../operators/pcre-to-v8.ts'
import { readPatternTree } from '../../prefilter/pattern-tree.ts'
import { fingerprints } from './fingerprints.ts'
import { fold } from './fold.ts'
import { isPlausible, type Suspect } from './plausible.ts'
import { readTokens } from './read-tokens.ts'
import type { Reading } from './token.ts'
import { tellingWord } from './words.ts'

/** The fingerprint of the SQL injection that a value is, read as it stands or from inside a quoted string. */
export function findSqlInjection(value: string): string | undefined {
  if (isHarmless(value)) return undefined
  for (const reading of readingsOf(value)) {
    const suspect = examine(value, reading)
    if (isInjection(suspect, fingerprints)) return suspect.fingerprint
  }
  return undefined
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

/** A value as one reading of it shows it. */
export function examine(value: string, reading: Reading): Suspect {
  const folded = fold(readTokens(value, reading))
  // A semicolon at the end ends the query where it would have ended anyway.
  const letters = folded.tokens
    .map(({ type }) => type)
    .join('')
    .replace(/;$/, '')
  return { value, reading, folded, fingerprint: letters.includes('X') ? 'X' : letters }
}

/** Sound: text without punctuation and without a word that a statement or condition needs has no known fingerprint. */
export function isHarmless(value: string): boolean {
  return plain.test(value) && !tellingWord.test(value)
}

/** No comment and no hexadecimal number, which would hide where a word begins. */
const plain = /^(?!.*(?:--|0x))[A-Za-z0-9 ._-]*$/i

/** What is not harmless, as a pattern: for rules that need not even ask. */
export const suspicious = readPatternTree(
  translatePcre(`[^A-Za-z0-9 ._-]|(?i:--|0x|${tellingWord.source})`, () => {
    throw new Error('the words of SQL make no pattern')
  }).source,
)

/** The ways in which databases may read a value; what none of them tells apart is read once. */
export function readingsOf(value: string): Reading[] {
  const quotes = (['', "'", '"'] as const).filter((quote) => value.includes(quote))
  const hasComment = /#|--[^\0- ]/.test(value)
  const hasEscape = /\\['"]/.test(value)
  return quotes.flatMap((quote) => [
    { quote, dialect: 'standard', escapes: true } as const,
    ...(hasComment ? [{ quote, dialect: 'mysql', escapes: true } as const] : []),
    ...(hasEscape ? [{ quote, dialect: 'standard', escapes: false } as const] : []),
  ])
}
