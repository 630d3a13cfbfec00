import { examine, readingsOf } from '../../src/waf/detect/sqli/find-sql-injection.ts'
import { isPlausible } from '../../src/waf/detect/sqli/plausible.ts'
import { injections } from './injection-grammar.ts'

/** What the sentences of the grammar leave, as far as a fingerprint tells an attack from other text. */
export function fingerprintsOfGrammar(sentences: number): Set<string> {
  const found = new Set<string>()
  for (const value of injections(sentences)) {
    for (const fingerprint of fingerprintsOf(value)) if (isTelling(fingerprint)) found.add(fingerprint)
  }
  return found
}

/** The grammar's fingerprints with those of the attacks, without those that harmless text has more often. */
export function learn(
  grammar: ReadonlySet<string>,
  attacks: readonly string[],
  benign: readonly string[],
): ReadonlySet<string> {
  const ofAttacks = count(attacks)
  const ofBenign = count(benign)
  const learnt = new Set(grammar)
  for (const fingerprint of ofAttacks.keys()) {
    if (plain.test(fingerprint)) continue
    if (fingerprint.length > 1 && (isTelling(fingerprint) || !ofBenign.has(fingerprint))) learnt.add(fingerprint)
  }
  for (const [fingerprint, times] of ofBenign) {
    if (!decidedByWords.has(fingerprint) && times >= (ofAttacks.get(fingerprint) ?? 0) / 2) learnt.delete(fingerprint)
  }
  return learnt
}

/** Too short to be told apart by themselves: `isPlausible` looks at each value. */
const decidedByWords = new Set(['sc', '1c', 'sos', 's&s', 's&n', 's&1', 'nc'])

/** What text without punctuation can leave, and no word of a statement: `isHarmless` rests on its absence. */
const plain = /^[n1okvtA.]*$/

function count(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) {
    for (const fingerprint of fingerprintsOf(value)) counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1)
  }
  return counts
}

function fingerprintsOf(value: string): Set<string> {
  const suspects = readingsOf(value).map((reading) => examine(value, reading))
  return new Set(suspects.filter(isPlausible).map(({ fingerprint }) => fingerprint))
}

/** A fingerprint that holds something only a query has: the grammar's fragments of expressions are prose as well. */
function isTelling(fingerprint: string): boolean {
  if (fingerprint.length < 2 || fingerprint.includes('X')) return false
  if (plain.test(fingerprint)) return false
  return signs.test(fingerprint) && !fragments.some((pattern) => pattern.test(fingerprint))
}

const signs = /[UETB&c]|f\(|^so.*s|;[ETf]|[1nv]o\(1o|^so1\(|^so\(|^[1n]o\([1sv]\)$|^[1ns]\)k/

const fragments = [
  /^(?!nc$)[nok]+c$/,
  /^(?!&[1f(s]|k\(E)[&ok,]/,
  /^nn|^n[ET][nk]|^sTs$|^1B$|^soos|^n\),|(?<!s;)[ET]nn/,
  /^[n1]s(?!.*[UE;TB])/,
  /^sn(?!\(|.*[UE;])/,
  /^(?!.*f\(.*f\(|.*[EU]|f\([1sv]?\)|f.*&)[fn]\(/,
]
