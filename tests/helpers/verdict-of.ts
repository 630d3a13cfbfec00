import type { RawResponse } from './raw-response.ts'
import { headerValues } from './raw-response.ts'

/** What became of a request, told from outside, from weakest to strongest. */
export type Fate = 'answered' | 'passed' | 'unserved' | 'blocked' | 'refused' | 'broken'

/** `broken` is no verdict: a 5xx, a 200 from nowhere or no response at all. */
export function fateOf(response: RawResponse | undefined, keyAuthorizationEnd: string): Fate {
  const status = response?.status ?? 0
  if (headerValues(response, 'x-origin').length > 0) return 'passed'
  if (status === 200) return isAnswer(response, keyAuthorizationEnd) ? 'answered' : 'broken'
  if (status === 421) return 'unserved'
  if (status === 403) return 'blocked'
  return status >= 400 && status < 500 ? 'refused' : 'broken'
}

function isAnswer(response: RawResponse | undefined, end: string): boolean {
  const bodiless = response?.body.length === 0 // HEAD
  return bodiless || (response?.body.toString('latin1').endsWith(end) ?? false)
}

const strengths: Record<Fate, number> = { broken: -1, answered: -1, passed: 0, unserved: 0, blocked: 1, refused: 1 }

/** Whether the first fate protects the origin at least as well as the second one. */
export function isNoWeaker(fate: Fate, other: Fate): boolean {
  return strengths[fate] >= strengths[other]
}
