import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

interface Pause {
  readonly startTime: number
  readonly duration: number
}

/** Watches the garbage collector, so that figures say how much of them is its work. */
export class CollectorTime {
  #pauses: Pause[] = []
  readonly #observer = new PerformanceObserver((list) => this.#pauses.push(...list.getEntries()))

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** Milliseconds of pauses that began in this span of `performance.now`; forgets what came before. */
  async between(startMs: number, endMs: number): Promise<number> {
    await setImmediate() // entries are handed over by a task of their own
    await setImmediate()
    const pauses = this.#pauses.filter(({ startTime }) => startTime >= startMs && startTime < endMs)
    this.#pauses = []
    return pauses.reduce((sum, { duration }) => sum + duration, 0)
  }

  stop(): void {
    this.#observer.disconnect()
  }
}

setFlagsFromString('--expose-gc')
const collect: (options?: { type: 'minor' }) => void = runInNewContext('gc')

/** A full collection now: what was made before the clock starts is not cleared away while it runs. */
export function collectGarbage(): void {
  collect()
}

/** What was made just now, and is still needed, moves to the old generation: it is not copied while the clock runs. */
export function ageObjects(): void {
  collect({ type: 'minor' })
  collect({ type: 'minor' })
}
