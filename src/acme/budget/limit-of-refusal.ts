import type { LimitName } from './ca-limits.ts'

/** What a 429 is about. */
export interface RefusedLimit {
  readonly name: LimitName
  /** The domain or host that it names. */
  readonly subject: string | undefined
}

/** As Boulder words them; the first one that fits. */
const patterns: readonly (readonly [RegExp, LimitName])[] = [
  [/too many certificates \(\d+\) already issued for this exact set/i, 'duplicate_certificates'],
  [/too many certificates \(\d+\) already issued for "([^"]+)"/i, 'certificates_per_domain'],
  [/too many failed authorizations \(\d+\) for "([^"]+)"/i, 'failed_validations'],
  [/too many new orders/i, 'new_orders'],
  [/too many new registrations/i, 'new_accounts'],
]

/** Which limit the text of a 429 tells of; `undefined` where it does not say. RFC 8555 §6.6 leaves the text to the CA. */
export function limitOfRefusal(detail: string): RefusedLimit | undefined {
  for (const [pattern, name] of patterns) {
    const match = pattern.exec(detail)
    if (match) return { name, subject: match[1]?.toLowerCase() }
  }
  return undefined
}
