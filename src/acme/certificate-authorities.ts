import type { AcmeConfig, FallbackConfig } from '../config/config.ts'

/**
 * The CAs of a config, the first one first, then those that stand in for it, in their order. Each is a whole `acme` section
 * of its own, so that whatever takes one works with any of them. Limits, staging and profiles are of one CA, not of all.
 */
export function certificateAuthorities(acme: AcmeConfig): readonly AcmeConfig[] {
  const { fallback = [], ...first } = acme
  return [first, ...fallback.map((other) => standIn(first, other))]
}

function standIn(acme: AcmeConfig, { profile, ...authority }: FallbackConfig): AcmeConfig {
  return {
    ...acme,
    ...authority,
    certificates: acme.certificates.map((entry) => ({ ...entry, profile })),
    defaults: { ...acme.defaults, profile },
    staging: undefined,
    limits: undefined,
  }
}
