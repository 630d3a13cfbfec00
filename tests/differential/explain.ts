import type { Case } from './case.ts'
import type { Engines } from './engines.ts'
import { shrink } from './shrink.ts'

/** A known difference, an entry of docs/divergences.md. */
export interface Divergence {
  readonly entry: number
  /**
   * The same case with the cause taken away and all else as it was; `undefined` where the cause is not there, `everything`
   * where it is all that differs. Recognises its cause, never a rule's id.
   */
  without(one: Case, engines: Engines): Twin | Promise<Twin>
}

export type Twin = Case | 'everything' | undefined

export type Explanation =
  | { readonly kind: 'explained'; readonly entries: readonly number[] }
  /** The smallest case that no entry explains. */
  | { readonly kind: 'unexplained'; readonly smallest: Case; readonly differences: readonly string[] }

/** Takes known causes away until the engines agree: one if that is enough, else as few as are. */
export async function explain(one: Case, divergences: readonly Divergence[], engines: Engines): Promise<Explanation> {
  const causes = await findCauses(one, divergences, engines)
  if (causes !== undefined) return { kind: 'explained', entries: causes.map(({ entry }) => entry) }
  const differences = await differencesIn(one, engines)
  const smallest = await shrink(one, (candidate) => differsLike(candidate, differences, engines))
  return { kind: 'unexplained', smallest, differences: await differencesIn(smallest, engines) }
}

async function findCauses(
  one: Case,
  divergences: readonly Divergence[],
  engines: Engines,
): Promise<readonly Divergence[] | undefined> {
  for (const divergence of divergences) {
    if (await isSettledWithout(one, [divergence], engines)) return [divergence]
  }
  if (!(await isSettledWithout(one, divergences, engines))) return undefined
  let needed = divergences
  for (const divergence of divergences) {
    const fewer = needed.filter((other) => other !== divergence)
    if (await isSettledWithout(one, fewer, engines)) needed = fewer
  }
  return needed
}

/** Whether the engines agree once the causes of these divergences are taken away, as far as they are there. */
async function isSettledWithout(one: Case, divergences: readonly Divergence[], engines: Engines): Promise<boolean> {
  let rest = one
  for (const divergence of divergences) {
    const twin = await divergence.without(rest, engines)
    if (twin === 'everything') return true
    rest = twin ?? rest
  }
  return rest !== one && (await engines.compare(rest)).kind === 'agree'
}

async function differencesIn(one: Case, engines: Engines): Promise<readonly string[]> {
  const comparison = await engines.compare(one)
  return comparison.kind === 'differ' ? comparison.differences : []
}

/** Differs, and in nothing else than before: a smaller case must not show another divergence. */
async function differsLike(one: Case, known: readonly string[], engines: Engines): Promise<boolean> {
  const differences = await differencesIn(one, engines)
  return differences.length > 0 && differences.every((line) => known.includes(line))
}
