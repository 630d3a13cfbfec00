import { createLog } from '../../src/log.ts'
import { openFileStore } from '../../src/store/file-store.ts'

// A process of its own that takes a lock, prints its number and waits to be killed.
const store = await openFileStore({ folder: String(process.argv[2]), log: createLog('silent') })
const lock = await store.lock('held', AbortSignal.timeout(5_000))
process.stdout.write(String(lock.fencing))
setInterval(() => undefined, 1_000)
