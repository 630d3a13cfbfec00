import { aftermathMs, hourMs, type Scenario } from './scenario.ts'
import type { Outcome } from './simulate.ts'

/** Orders an hour, in everyday life and in each incident with what follows it. */
export interface Rates {
  readonly mean: number
  readonly peak: number
  readonly peakInOutage: number
  readonly peakInRevocation: number
}

export interface Bar {
  readonly name: string
  readonly isMet: boolean
  /** What was found, beside what is asked for. */
  readonly found: string
}

export function ratesOf(scenario: Scenario, { ordersOfHour }: Outcome): Rates {
  const { outage, revocation, hasAri } = scenario
  const inOutage = (ms: number) => ms >= outage.startMs && ms < outage.endMs + aftermathMs.outage
  const inRevocation = (ms: number) => hasAri && ms >= revocation.atMs && ms < revocation.atMs + aftermathMs.revocation
  const sums = { orders: 0, hours: 0, peak: 0, peakInOutage: 0, peakInRevocation: 0 }
  for (const [hour, orders] of ordersOfHour.entries()) {
    const ms = scenario.startMs + hour * hourMs
    if (inOutage(ms)) sums.peakInOutage = Math.max(sums.peakInOutage, orders)
    else if (inRevocation(ms)) sums.peakInRevocation = Math.max(sums.peakInRevocation, orders)
    else {
      sums.orders += orders
      sums.hours += 1
      sums.peak = Math.max(sums.peak, orders)
    }
  }
  const { peak, peakInOutage, peakInRevocation } = sums
  return { mean: sums.orders / sums.hours, peak, peakInOutage, peakInRevocation }
}

/** What has to hold. */
export function barsOf(scenario: Scenario, outcome: Outcome): Bar[] {
  const { mean, peak } = ratesOf(scenario, outcome)
  const { expired, broken, moved, replacedInTime, hinderedByHost, held } = outcome
  const limits = [...broken].map(([name, times]) => `${name} ${times}`).join(', ')
  const late = moved - replacedInTime - hinderedByHost
  return [
    { name: 'no hour above twice the mean', isMet: peak <= 2 * mean, found: `${(peak / mean).toFixed(2)} times` },
    { name: 'no certificate expires', isMet: expired === 0, found: `${expired} expired` },
    { name: 'no limit is broken', isMet: broken.size === 0, found: limits || 'none broken' },
    {
      name: `what the CA will revoke is replaced in ${scenario.revocation.deadlineMs / hourMs} h`,
      isMet: late === 0 && (moved > 0 || !scenario.hasAri),
      found: scenario.hasAri ? `${late} of ${moved} late` : 'no ARI, so nobody is told',
    },
    { name: 'every name has a certificate', isMet: held === scenario.certificates, found: `${held} have one` },
  ]
}
