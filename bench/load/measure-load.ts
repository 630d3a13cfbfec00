import { writeSync } from 'node:fs'
import { expandRules } from '../../src/cli/test-files.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'

/** What a process of its own finds, so that no rule set profits from another one's compiled code. */
export interface Loaded {
  readonly rules: number
  readonly ms: number
  /** Processor time, all threads: on a busy machine it says more. */
  readonly cpuMs: number
  /** After a collection, above what was there before. */
  readonly heapBytes: number
}

const before = collectedHeap()
const startedAt = performance.now()
const cpu = process.cpuUsage()
const { ruleCount } = await loadRuleSet({ files: expandRules(process.argv.slice(2)), mode: 'block' })
const ms = performance.now() - startedAt
const { user, system } = process.cpuUsage(cpu)
const loaded: Loaded = { rules: ruleCount, ms, cpuMs: (user + system) / 1_000, heapBytes: collectedHeap() - before }
writeSync(1, JSON.stringify(loaded))

function collectedHeap(): number {
  const { gc } = globalThis as { gc?: () => void } // --expose-gc
  gc?.()
  return process.memoryUsage().heapUsed
}
