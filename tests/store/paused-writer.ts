import type { RedisStoreConfig } from '../../src/config/config.ts'
import { openRedisLink } from '../../src/store/redis-link.ts'
import { createRedisStore } from '../../src/store/redis-store.ts'

// A process of its own that takes a lock, says so, and writes under it once a line comes in; it prints what became of that.
const config = JSON.parse(String(process.argv[2])) as RedisStoreConfig // of the test that started it
const log = { warn: () => undefined }
const link = await openRedisLink(config, log)
const store = createRedisStore(link, log, { leaseMs: 600 })
const lock = await store.lock('paused', AbortSignal.timeout(5_000))
console.log('held')
process.stdin.once('data', async () => {
  const outcome = await store.write('value', 'of the paused one', { lock }).then(
    () => 'written',
    (error: { code?: string }) => error.code,
  )
  console.log(outcome)
  process.exit()
})
