import { Answerer } from '../../src/inspection-threads/answerer.ts'
import type { Offload } from '../../src/waf/offload.ts'

/** What a thread does, in this one; everything crosses as it would. */
export function localOffload(): Offload & { readonly asked: () => number } {
  const answerer = new Answerer()
  let asked = 0
  return {
    asked: () => asked,
    async ask({ value, steps, operator, telling }) {
      asked++
      answerer.receive({ kind: 'value', number: 0, text: value })
      const reply = answerer.receive(structuredClone({ kind: 'ask', question: { value: 0, steps, operator, telling } }))
      return reply === undefined ? { kind: 'failed', reason: 'no answer' } : structuredClone({ ...reply, usedMs: 0 })
    },
  }
}
