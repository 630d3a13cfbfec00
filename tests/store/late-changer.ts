import { writeSync } from 'node:fs'
import { createLog } from '../../src/log.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { watchFiles } from '../helpers/crashing-files.ts'

// A process of its own that changes a value under a lock, and stops (SIGSTOP) right before its n-th rename: its lock was
// looked at by then. When it is continued it prints what became of the change.
const [folder, change, number] = process.argv.slice(2)
const store = await openFileStore({ folder: String(folder), log: createLog('silent') })
const lock = await store.lock('late', AbortSignal.timeout(5_000))
await store.write('value', 'before', { lock })
let renames = 0
watchFiles({
  read: () => undefined,
  change(what, all) {
    if (what.startsWith('rename ') && ++renames === Number(number)) {
      writeSync(1, 'stops\n')
      process.kill(process.pid, 'SIGSTOP')
    }
    return all()
  },
})
const work = change === 'remove' ? store.remove('value', { lock }) : store.write('value', 'too late', { lock })
const outcome = await work.then(
  () => 'changed',
  (error: { code?: string }) => error.code,
)
writeSync(1, `${outcome}\n`)
process.exit()
