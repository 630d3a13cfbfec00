/** What one load of a few seconds gave. */
export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  /** Answers other than 2xx and 3xx. */
  readonly refused: number
  /** Requests that were not new, because more were answered than had been made. */
  readonly sentAgain: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

/** The load and the origin share this processor; the proxies have the other one. */
export const LOAD_CPU = 1
export const PROXY_CPU = 0
export const CONNECTIONS = 16
