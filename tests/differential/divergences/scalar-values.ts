import type { Case } from '../case.ts'
import type { Engines } from '../engines.ts'
import type { Divergence } from '../explain.ts'
import { mapTexts } from '../map-rules.ts'
import type { Statement } from '../rule-model.ts'

/** What a variable holds, in both engines; `undefined` where it has no value. */
interface Seen {
  readonly ours: string | undefined
  readonly theirs: string | undefined
}

/** A variable, once for all uses, that both engines have in all phases with the same value. */
const CONSTANT = 'REMOTE_PORT'

/**
 * A divergence in what a scalar holds: recognised by asking both engines for the value, in each phase, and taken away by
 * putting a constant in its place.
 *
 * @param isMeant whether a pair of values that differ is this entry's
 */
export function scalarDivergence(
  entry: number,
  names: readonly string[],
  isMeant: (seen: Seen, one: Case) => boolean,
): Divergence {
  return {
    entry,
    async without(one, engines) {
      const meant: string[] = []
      for (const name of names) {
        if (!mentions(one.rules, name)) continue
        const values = await readValues(name, one, engines)
        if (values.some((seen) => seen.ours !== seen.theirs && isMeant(seen, one))) meant.push(name)
      }
      if (meant.length === 0) return undefined
      const word = new RegExp(`(?<![\\w.:])(?:${meant.join('|')})(?![\\w:])`, 'gi')
      const rules = mapTexts(one.rules, (text, part) => {
        return part === 'target'
          ? text.replace(word, CONSTANT)
          : text.replace(/%\{[^}]*\}/g, (m) => m.replace(word, CONSTANT))
      })
      return rules && { ...one, rules }
    },
  }
}

function mentions(rules: readonly Statement[], name: string): boolean {
  const word = new RegExp(`\\b${name}\\b`, 'i')
  return mapTexts(rules, (text) => (word.test(text) ? '' : text)) !== undefined
}

/** By phase; what other rules do aside, but for those that say how bodies are read. */
async function readValues(name: string, { rules, exchange }: Case, engines: Engines): Promise<Seen[]> {
  const settings = rules.filter(({ kind }) => kind !== 'rule')
  const probes = [1, 2, 3, 4, 5].map((phase): Statement => {
    const actions = [
      `id:${1000 + phase}`,
      `phase:${phase}`,
      'pass',
      'log',
      't:none',
      't:hexEncode',
      "logdata:'%{MATCHED_VAR}'",
    ]
    return { kind: 'rule', links: [{ targets: [name], operator: '!@streq', argument: 'no value', actions }] }
  })
  const outcomes = await engines.runAll([...settings, ...probes], [exchange])
  if (typeof outcomes === 'string') return []
  return outcomes.flatMap(({ ours, theirs }) =>
    [1, 2, 3, 4, 5].map((phase) => ({
      ours: decode(ours.matches.get(1000 + phase), ours.matches.has(1000 + phase)),
      theirs: decode(theirs.matches.get(1000 + phase), theirs.matches.has(1000 + phase)),
    })),
  )
}

function decode(hex: string | undefined, isThere: boolean): string | undefined {
  return isThere ? Buffer.from(hex ?? '', 'hex').toString('latin1') : undefined
}
