import { countOf } from '../evaluate-targets.ts'
import type { DirectTarget, Exclusion, Target, TargetProfile } from './program.ts'
import type { TargetList } from './targets.ts'

/** Gives equal target lists one profile, so that a transaction collects their values once. */
export class ProfileTable {
  readonly #profiles = new Map<string, TargetProfile>()

  intern({ targets, exclusions, key }: TargetList): TargetProfile {
    const known = this.#profiles.get(key)
    if (known !== undefined) return known
    const words = [...new Set(targets.map(({ word }) => word))]
    const profile = {
      number: this.#profiles.size,
      targets,
      exclusions,
      direct: directTarget(targets, exclusions),
      settled: Math.max(0, ...words.map(({ settled }) => (settled === 'never' ? 0 : settled))),
      volatile: words.filter(({ settled }) => settled === 'never'),
    }
    this.#profiles.set(key, profile)
    return profile
  }
}

function directTarget(targets: readonly Target[], exclusions: readonly Exclusion[]): DirectTarget | undefined {
  const [target] = targets
  if (target === undefined || targets.length > 1 || exclusions.length > 0) return undefined
  const { word, selector } = target
  if (word.find === undefined || selector?.kind !== 'name') return undefined
  const counts = [[countOf(target, 0)], [countOf(target, 1)]]
  return { find: word.find, lowerName: selector.lowerName, target, counts }
}
