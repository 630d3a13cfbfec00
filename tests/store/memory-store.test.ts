import t from 'tap'
import { createMemoryStore } from '../helpers/memory-store.ts'
import { runStoreConformance } from './conformance.ts'

t.test('the memory store of the tests keeps the contract', async (t) => {
  const store = createMemoryStore()
  const cases = await runStoreConformance(t, { open: async () => store, breakLock: (name) => store.breakLock(name) })
  t.equal(cases, 17)
})
