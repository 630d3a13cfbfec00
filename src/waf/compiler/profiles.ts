import { countOf } from '../evaluate-targets.ts'
import { readerOf } from '../variables/variable.ts'
import type { NameTable } from './name-table.ts'
import type { DirectTarget, Exclusion, Target, TargetProfile } from './program.ts'
import type { TargetList } from './targets.ts'

/** Gives equal target lists one profile, so that a transaction collects their values once. */
export class ProfileTable {
  readonly #profiles = new Map<string, TargetProfile>()
  readonly #names: NameTable

  constructor(names: NameTable) {
    this.#names = names
  }

  intern({ targets, exclusions, key }: TargetList): TargetProfile {
    const known = this.#profiles.get(key)
    if (known !== undefined) return known
    const words = [...new Set(targets.map(({ word }) => word))]
    const profile = {
      number: this.#profiles.size,
      targets,
      exclusions,
      direct: directTarget(targets, exclusions, this.#names),
      settled: Math.max(0, ...words.map(({ settled }) => (settled === 'never' ? 0 : settled))),
      volatile: words.filter(({ settled }) => settled === 'never'),
    }
    this.#profiles.set(key, profile)
    return profile
  }
}

function directTarget(
  targets: readonly Target[],
  exclusions: readonly Exclusion[],
  names: NameTable,
): DirectTarget | undefined {
  const [target] = targets
  if (target === undefined || targets.length > 1 || exclusions.length > 0) return undefined
  const { word, selector } = target
  if (selector?.kind !== 'name') return undefined
  const read = readerOf(word, selector.lowerName, names)
  if (read === undefined) return undefined
  const counts = [[countOf(target, 0)], [countOf(target, 1)]]
  return { read, target, counts }
}
