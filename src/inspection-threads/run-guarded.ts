import { Script } from 'node:vm'
import { threadCpuMs } from './cpu-time.ts'

export type Guarded<T> = { readonly kind: 'done'; readonly result: T } | { readonly kind: 'out of time' }

/** V8's timer counts all time: a thread that was pushed aside tries again, and gives itself more. */
const PATIENCE = [1, 4, 16]

/**
 * Runs a function that keeps no state, for so much processor time at most, or little more: V8 ends it wherever it stands, even
 * inside a regular expression.
 */
export function runGuarded<T>(work: () => T, limitMs: number): Guarded<T> {
  for (const factor of PATIENCE) {
    const before = threadCpuMs()
    const outcome = runFor(work, limitMs * factor)
    if (outcome.kind === 'done' || threadCpuMs() - before > limitMs / 2) return outcome
  }
  return { kind: 'out of time' }
}

function runFor<T>(work: () => T, limitMs: number): Guarded<T> {
  const globals = globalThis as { [slot]?: () => unknown } // a property of our own
  let result: { readonly value: T } | undefined
  globals[slot] = () => {
    result = { value: work() }
  }
  try {
    script.runInThisContext({ timeout: limitMs })
  } catch (error) {
    if (!isTimeout(error)) throw error
  } finally {
    delete globals[slot]
  }
  return result === undefined ? { kind: 'out of time' } : { kind: 'done', result: result.value }
}

const slot = Symbol.for('acme-edge.guarded')
const script = new Script("globalThis[Symbol.for('acme-edge.guarded')]()")

function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
}
