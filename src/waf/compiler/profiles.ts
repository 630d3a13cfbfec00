import type { TargetProfile } from './program.ts'
import type { TargetList } from './targets.ts'

/** Gives equal target lists one profile, so that a transaction collects their values once. */
export class ProfileTable {
  readonly #profiles = new Map<string, TargetProfile>()

  get all(): readonly TargetProfile[] {
    return [...this.#profiles.values()]
  }

  intern({ targets, exclusions, key }: TargetList): TargetProfile {
    const known = this.#profiles.get(key)
    if (known !== undefined) return known
    const words = [...new Set(targets.map(({ word }) => word))]
    const profile = {
      number: this.#profiles.size,
      targets,
      exclusions,
      settled: Math.max(0, ...words.map(({ settled }) => (settled === 'never' ? 0 : settled))),
      volatile: words.filter(({ settled }) => settled === 'never'),
    }
    this.#profiles.set(key, profile)
    return profile
  }
}
