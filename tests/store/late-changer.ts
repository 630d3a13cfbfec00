import { writeSync } from 'node:fs'
import { createLog } from '../../src/log.ts'
import { installCertificate, type NewCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { watchFiles } from '../helpers/crashing-files.ts'

// A process of its own that changes a value, or a certificate, under a lock, and stops (SIGSTOP) right before its n-th rename: its lock was
// looked at by then. When it is continued it prints what became of the change.
const [folder = '', change, number, set = '{}'] = process.argv.slice(2)
const store = await openFileStore({ folder, log: createLog('silent') })
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
const changes: Record<string, () => Promise<unknown>> = {
  write: () => store.write('value', 'too late', { lock }),
  remove: () => store.remove('value', { lock }),
  install: () => installCertificate(folder, JSON.parse(set) as NewCertificate, lock), // of the test that started it
}
const outcome = await changes[String(change)]?.().then(
  () => 'changed',
  (error: { code?: string }) => error.code,
)
writeSync(1, `${outcome}\n`)
process.exit()
