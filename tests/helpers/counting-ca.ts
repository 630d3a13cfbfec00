/** A CA that counts naively: it keeps the time of everything that it let through. */
export interface CountingCa {
  /** Counts one of `subject`; false, and not counted, where the limit forbids it. */
  count(subject: string, limit: { readonly count: number; readonly periodMs: number }, nowMs: number): boolean
  /** The same without counting. */
  allows(subject: string, limit: { readonly count: number; readonly periodMs: number }, nowMs: number): boolean
}

/**
 * A bucket that holds `count` and gets one back every `periodMs / count` allows a request if and only if, of every span that
 * ends with it, no more lie in the span than the bucket held and got back meanwhile. Slow, and plainly right.
 */
export function createCountingCa(): CountingCa {
  const times = new Map<string, number[]>()
  const allows: CountingCa['allows'] = (subject, { count, periodMs }, nowMs) => {
    const counted = times.get(subject) ?? []
    return counted.every((atMs, i) => counted.length - i + 1 <= count + ((nowMs - atMs) * count) / periodMs + 1e-6)
  }
  return {
    allows,
    count(subject, limit, nowMs) {
      const allowed = allows(subject, limit, nowMs) && limit.count >= 1
      if (allowed) times.set(subject, [...(times.get(subject) ?? []), nowMs])
      return allowed
    },
  }
}
