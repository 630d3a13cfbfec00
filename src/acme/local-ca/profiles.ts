import { Problem } from './problem.ts'

/** How long certificates of a profile live (draft-ietf-acme-profiles). */
export interface Profile {
  readonly lifeMs: number
  readonly description: string
}

export type Profiles = Readonly<Record<'default' | 'short', Profile>>

const hourMs = 3_600_000

/** `default` lives as long as the CA was told, `short` a day, or half of that where it is less than two days. */
export function profilesFor(leafLifeMs: number): Profiles {
  const shortMs = Math.min(24 * hourMs, leafLifeMs / 2)
  return {
    default: { lifeMs: leafLifeMs, description: `TLS servers; certificates live ${hours(leafLifeMs)}` },
    short: { lifeMs: shortMs, description: `TLS servers; certificates live ${hours(shortMs)}` },
  }
}

/** The name of an order's profile; an order that names none gets the default. Throws `invalidProfile`. */
export function parseProfile(value: unknown, profiles: Profiles): keyof Profiles {
  if (value === undefined) return 'default'
  if (value === 'default' || value === 'short') return value
  throw new Problem('invalidProfile', `the profiles are ${Object.keys(profiles).join(' and ')}`)
}

function hours(ms: number): string {
  const hours = ms / hourMs
  return hours >= 48 && hours % 24 === 0 ? `${hours / 24} days` : `${Number(hours.toFixed(1))} hours`
}
