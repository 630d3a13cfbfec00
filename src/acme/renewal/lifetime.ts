const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Of a life this long or longer a third is left at the renewal, of a shorter one half. */
const shortLifeMs = 10 * dayMs

/** When a certificate lives. */
export interface Lifetime {
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** The last moment at which a certificate is renewed where its CA does not say when. */
export function latestRenewalMs(notBeforeMs: number, notAfterMs: number): number {
  const lifeMs = notAfterMs - notBeforeMs
  return notAfterMs - (lifeMs < shortLifeMs ? lifeMs / 2 : lifeMs / 3)
}

/**
 * From here on a certificate is in danger and attempts come closer together: a tenth of its life is left, or a day where
 * that is more; of lives of a few days a quarter.
 */
export function emergencyAtMs(notBeforeMs: number, notAfterMs: number): number {
  const lifeMs = notAfterMs - notBeforeMs
  return notAfterMs - Math.min(Math.max(lifeMs / 10, dayMs), lifeMs / 4)
}
