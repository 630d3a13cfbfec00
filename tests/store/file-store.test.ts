import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  lutimes,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { installCertificate, loadCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { watchFiles } from '../helpers/crashing-files.ts'
import { eventually } from '../helpers/edge-process.ts'
import { runStoreConformance } from './conformance.ts'

t.test('the file store keeps the contract', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const config = { kind: 'file', folder } as const
  const breakLock = (name: string) => loseSight(join(folder, 'locks'), name)
  t.equal(await runStoreConformance(t, { open, config, breakLock }), 18)
})

t.test('a damaged file gives its last good copy, is repaired, and is logged', async (t) => {
  const damages: Record<string, (path: string) => Promise<unknown>> = {
    'truncated to nothing': (path) => truncate(path, 0),
    'truncated in the header': (path) => truncate(path, 20),
    'truncated by a byte': async (path) => truncate(path, (await stat(path)).size - 1),
    'a bit flipped': flipLastBit,
    'overwritten with noise': (path) => writeFile(path, '\0\xff garbage'),
    deleted: (path) => rm(path),
  }
  for (const [name, damage] of Object.entries(damages)) {
    const { folder, open, warnings } = fixture(t.testdir())
    const store = await open()
    await store.write('account/key.pem', 'first generation')
    await store.write('account/key.pem', 'the key')
    const path = join(folder, 'state/account/key.pem')
    await damage(path)
    t.equal(String(await store.read('account/key.pem')), 'the key', name)
    t.match(warnings.join(), /restored from its last good copy/)
    await rm(`${path}~`)
    t.equal(String(await store.read('account/key.pem')), 'the key', `${name}: the file itself is whole again`)
  }
  t.equal(Object.keys(damages).length, 6)
})

t.test('a damaged copy does not matter', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const store = await open()
  await store.write('k', 'value')
  await truncate(join(folder, 'state/k~'), 3)
  t.equal(String(await store.read('k')), 'value')
})

t.test('both copies damaged: an error that names the file and the way out, never an empty value', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const store = await open()
  await store.write('k', 'value')
  for (const file of ['k', 'k~']) await truncate(join(folder, 'state', file), 3)
  await t.rejects(store.read('k'), { code: 'ACME_EDGE_STORE_UNREADABLE', message: /state\/k.*backup/ })
})

t.test('a store folder that is a file is one clear error', async (t) => {
  const folder = t.testdir({ certs: 'not a folder' })
  await t.rejects(fixture(folder).open(), {
    code: 'ACME_EDGE_STORE_UNREADABLE',
    message: /store cannot be read|certs.* cannot be read/,
  })
})

t.test('files are 0600 in folders of 0700; wider modes are repaired and logged', async (t) => {
  const { folder, open, warnings } = fixture(t.testdir())
  const store = await open()
  await store.write('account/key.pem', 'secret')
  for (const path of ['', 'state', 'locks', 'state/account']) t.equal(await modeOf(join(folder, path)), 0o700, path)
  const file = join(folder, 'state/account/key.pem')
  t.equal(await modeOf(file), 0o600)
  t.equal(await modeOf(`${file}~`), 0o600)
  await chmod(file, 0o644)
  await chmod(folder, 0o755)
  await (await open()).read('account/key.pem')
  t.equal(await modeOf(file), 0o600)
  t.equal(await modeOf(folder), 0o700)
  t.equal(warnings.filter((line) => line.includes('mode was repaired')).length, 2)
})

t.test('what a killed process left half written is removed, what another writes now is not', async (t) => {
  const { folder, open } = fixture(t.testdir())
  await open()
  const [old, fresh] = ['state/a~1.abc.tmp', 'state/b~2.def.tmp'].map((name) => join(folder, name)) as [string, string]
  await writeFile(old, 'half')
  await writeFile(fresh, 'half')
  await utimes(old, 0, 0)
  await open()
  t.same(await readdir(join(folder, 'state')), ['b~2.def.tmp'])
})

t.test('half a certificate goes too: keys in the archive, links to nothing', async (t) => {
  const { folder, open } = fixture(t.testdir())
  await mkdir(join(folder, 'archive/shop.example/1'), { recursive: true })
  await mkdir(join(folder, 'live'))
  const key = join(folder, 'archive/shop.example/1/privkey.pem~1.abc.tmp')
  const link = join(folder, 'live/shop.example~1.abc.tmp')
  await writeFile(key, 'half')
  await utimes(key, 0, 0)
  await symlink('../archive/shop.example/9', link)
  await lutimes(link, 0, 0)
  await symlink(t.testdirName, join(folder, 'live/elsewhere')) // a circle, if it were followed
  await open()
  t.same(await readdir(join(folder, 'archive/shop.example/1')), [])
  t.same(await readdir(join(folder, 'live')), ['elsewhere'])
})

t.test('the lock of a killed process is taken over at once, with a higher number', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const child = spawn(process.execPath, [join(import.meta.dirname, 'lock-holder.ts'), folder], { stdio: 'pipe' })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  const fencing = Number(String(line))
  const store = await open()
  await t.rejects(store.lock('held', AbortSignal.timeout(200)), { code: 'ACME_EDGE_STORE_BUSY' }, 'held while it lives')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await store.lock('held', AbortSignal.timeout(2_000))
  t.ok(lock.fencing > fencing)
  await lock.release()
})

t.test('a recycled pid does not keep a lock: the start time differs', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const store = await open()
  const lock = await store.lock('recycled', AbortSignal.timeout(2_000))
  const file = join(folder, 'locks', `recycled~${lock.fencing}`)
  const holder = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...holder, start: '1' }))
  const next = await store.lock('recycled', AbortSignal.timeout(2_000))
  t.equal(next.fencing, lock.fencing + 1)
  await next.release()
})

t.test('a holder on another machine keeps its lock while it gives signs of life', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const store = await open()
  const lock = await store.lock('far', AbortSignal.timeout(2_000))
  const file = join(folder, 'locks', `far~${lock.fencing}`)
  const holder = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...holder, space: 'another machine' }))
  await t.rejects(store.lock('far', AbortSignal.timeout(200)), { code: 'ACME_EDGE_STORE_BUSY' })
  await utimes(file, Date.now() / 1000 - 60, Date.now() / 1000 - 60)
  await (await store.lock('far', AbortSignal.timeout(2_000))).release()
})

/** Each is stopped before its n-th rename, and its lock taken over meanwhile, as by another container or machine. */
const lateChanges = [
  ['write', 1, 'its file'],
  ['write', 2, 'its copy'],
  ['remove', 1, 'its copy'],
  ['remove', 2, 'its file'],
] as const

for (const [change, number, what] of lateChanges) {
  const name = `stopped between the look at its lock and the ${change} of ${what}: nothing is changed afterwards`
  t.test(name, async (t) => {
    const { folder, open, warnings } = fixture(t.testdir())
    const late = await startLateChanger(t, folder, [change, String(number)])
    const store = await open()
    await t.rejects(store.lock('late', AbortSignal.timeout(200)), { code: 'ACME_EDGE_STORE_BUSY' }, 'seen to live')
    await loseSight(join(folder, 'locks'), 'late')
    const lock = await store.lock('late', AbortSignal.timeout(5_000))
    await store.write('value', 'of the successor', { lock })
    const outcome = once(late.stdout, 'data')
    late.kill('SIGCONT')
    t.equal(String(await outcome).trim(), 'ACME_EDGE_STORE_STALE')
    t.equal(String(await store.read('value')), 'of the successor')
    await rm(join(folder, 'state/value'))
    t.equal(String(await store.read('value')), 'of the successor', 'and its copy')
    t.equal(warnings.length, 1, 'of the file that was missing just now')
    t.same(await readdir(join(folder, 'locks')), [`late~${lock.fencing}`], 'nothing else is left')
    await lock.release()
  })
}

t.test('stopped before it swaps the link of a certificate: that of its successor stays', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const authority = await createTestAuthority()
  const issue = async () => {
    const { certPem, keyPem } = await authority.issue(['shop.example'])
    return { name: 'shop.example', fullChainPem: `${certPem}\n`, privateKeyPem: `${keyPem}\n` }
  }
  await installCertificate(folder, await issue())
  // Five files of the set are renamed into their places before.
  const late = await startLateChanger(t, folder, ['install', '6', JSON.stringify(await issue())])
  const store = await open()
  await loseSight(join(folder, 'locks'), 'late')
  const lock = await store.lock('late', AbortSignal.timeout(5_000))
  const { serial } = await installCertificate(folder, await issue(), lock)
  const outcome = once(late.stdout, 'data')
  late.kill('SIGCONT')
  t.equal(String(await outcome).trim(), 'ACME_EDGE_STORE_STALE')
  t.equal((await loadCertificate(folder, 'shop.example'))?.serial, serial)
  t.same(await readdir(join(folder, 'live')), ['shop.example'])
  t.same(await readdir(join(folder, 'archive/shop.example')), ['1', '3'], 'and none that could be restored instead')
  t.same(await readdir(join(folder, 'locks')), [`late~${lock.fencing}`])
  await lock.release()
})

t.test('what a killed holder was about to write goes with its lock', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const late = await startLateChanger(t, folder, ['write', '1'])
  const drafts = async () => (await readdir(join(folder, 'locks'))).filter((name) => name.endsWith('.tmp'))
  t.equal((await drafts()).length, 1)
  const exited = once(late, 'exit')
  late.kill('SIGKILL')
  await exited
  const store = await open()
  const lock = await store.lock('late', AbortSignal.timeout(5_000))
  t.same(await drafts(), [])
  t.equal(String(await store.read('value')), 'before')
  await lock.release()
})

t.test('a lock that could not be made safe is not held', async (t) => {
  const { folder, open } = fixture(t.testdir())
  const store = await open()
  const first = await store.lock('unsafe', AbortSignal.timeout(5_000))
  await writeFile(join(folder, 'locks', `unsafe~${first.fencing}.1-abc.tmp`), 'a draft')
  await first.release()
  const unwatch = watchFiles({
    read: () => undefined,
    change: async (what, all) => {
      if (/^rm .*1-abc/.test(what)) throw new Error('the disk is broken')
      return all()
    },
  })
  await t.rejects(store.lock('unsafe', AbortSignal.timeout(5_000)), { code: 'ACME_EDGE_STORE_UNWRITABLE' })
  unwatch()
  const next = await store.lock('unsafe', AbortSignal.timeout(1_000))
  t.same(await readdir(join(folder, 'locks')), [`unsafe~${next.fencing}`])
  await next.release()
})

function fixture(base: string) {
  const folder = join(base, 'certs')
  const warnings: string[] = []
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) }
  return { folder, warnings, open: () => openFileStore({ folder, log }) }
}

/** Resolves when the process has stopped itself. */
async function startLateChanger(t: Test, folder: string, words: readonly string[]) {
  const script = join(import.meta.dirname, 'late-changer.ts')
  const child = spawn(process.execPath, [script, folder, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  t.equal(String(await once(child.stdout, 'data')).trim(), 'stops')
  const state = async () => / ([A-Z]) /.exec(await readFile(`/proc/${child.pid}/stat`, 'utf8'))?.[1]
  await eventually('it is stopped', async () => (await state()) === 'T')
  return child
}

/** Makes the holder one of another machine that has been silent for a minute. */
async function loseSight(locks: string, name: string): Promise<void> {
  const prefix = `${name.replaceAll('/', '@')}~`
  const [found = ''] = (await readdir(locks)).filter((file) => file.startsWith(prefix) && !file.endsWith('.tmp'))
  const file = join(locks, found)
  const holder = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...holder, space: 'another machine' }))
  await utimes(file, Date.now() / 1000 - 60, Date.now() / 1000 - 60)
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

async function flipLastBit(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  await writeFile(path, bytes)
}
