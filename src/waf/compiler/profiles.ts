import type { Exclusion, Target, TargetProfile } from './program.ts'
import type { TargetList } from './targets.ts'

const NEVER_SETTLED = 99

/** Gives equal target lists one profile, so that a transaction collects their values once. */
export class ProfileTable {
  readonly #profiles = new Map<string, TargetProfile>()

  get all(): readonly TargetProfile[] {
    return [...this.#profiles.values()]
  }

  intern({ targets, exclusions, key }: TargetList): TargetProfile {
    const known = this.#profiles.get(key)
    if (known !== undefined) return known
    const profile = { number: this.#profiles.size, targets, exclusions, settled: settledPhase(targets, exclusions) }
    this.#profiles.set(key, profile)
    return profile
  }
}

function settledPhase(targets: readonly Target[], exclusions: readonly Exclusion[]): number {
  const phases = [...targets, ...exclusions].map(({ word }) =>
    word.settled === 'never' ? NEVER_SETTLED : word.settled,
  )
  return Math.max(0, ...phases)
}
