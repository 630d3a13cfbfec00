import type { CaLimitsConfig } from './config.ts'
import { mapOf, optionalOrNone, type Reader } from './reader.ts'
import { booleanReader, type Parsed, textOf, value, wrong } from './scalars.ts'

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const maxCount = 10_000_000
const maxPeriodMs = 31 * 86_400_000

type LimitValue = { readonly count: number; readonly periodMs: number } | 'off'

/** `300/3h`: so many in a time (`m`, `h`, `d`), as a bucket that refills evenly; or `off`. */
export const limitReader: Reader<LimitValue> = textOf<LimitValue>('a limit such as 300/3h, or "off"', parseLimit)

export function parseLimit(text: string): Parsed<LimitValue> {
  if (text === 'off') return value('off')
  const match = /^(\d{1,9})\/(\d{0,6})([mhd])$/.exec(text)
  const count = Number(match?.[1])
  const periodMs = Number(match?.[2] === '' ? 1 : match?.[2]) * (units[match?.[3] ?? ''] ?? Number.NaN)
  if (count >= 1 && count <= maxCount && periodMs > 0 && periodMs <= maxPeriodMs) return value({ count, periodMs })
  const found = JSON.stringify(text.slice(0, 100))
  return wrong(`expected a number and a time of at most 31 days, such as 300/3h or 50/7d, found ${found}`)
}

/** What is set here replaces what is known of the CA, key by key. */
export const caLimitsReader = mapOf({
  new_orders: optionalOrNone(limitReader),
  certificates_per_domain: optionalOrNone(limitReader),
  duplicate_certificates: optionalOrNone(limitReader),
  failed_validations: optionalOrNone(limitReader),
  new_accounts: optionalOrNone(limitReader),
  renewals_exempt: optionalOrNone(booleanReader),
})

type CaLimitsDraft = Exclude<ReturnType<typeof caLimitsReader.read>, symbol>

export function toCaLimitsConfig({ renewals_exempt: renewalsExempt, ...limits }: CaLimitsDraft): CaLimitsConfig {
  return { limits, renewalsExempt }
}
