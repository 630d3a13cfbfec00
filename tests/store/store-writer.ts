import type { StoreConfig } from '../../src/config/config.ts'
import { createLog } from '../../src/log.ts'
import { openStore } from '../../src/store/open-store.ts'

// A process of its own that adds to one number under a lock, and overwrites a long value without one.
const config = JSON.parse(String(process.argv[2])) as StoreConfig // of the test that started it
const { store, close } = await openStore(config, createLog('silent'))
for (let round = 0; round < Number(process.argv[3]); round++) {
  const lock = await store.lock('counter', AbortSignal.timeout(60_000))
  const count = Number(String(await store.read('counter')))
  await store.write('counter', String(count + 1), { lock })
  await lock.release()
  await store.write('unlocked', `${process.pid} `.repeat(5_000))
}
close()
