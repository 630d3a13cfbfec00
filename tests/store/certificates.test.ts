import { execFile } from 'node:child_process'
import { cp, lstat, readdir, readFile, readlink, realpath, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { splitPem } from '../../src/store/certificate-set.ts'
import {
  certificateVersions,
  installCertificate,
  listCertificates,
  loadCertificate,
} from '../../src/store/certificates.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'

t.test('a set is installed in the layout that other programs read', async (t) => {
  const folder = t.testdir()
  const pair = await newPair(t.testdirName, 'shop.example', 'www.shop.example')
  const installed = await installCertificate(folder, { name: 'shop.example', ...pair })
  t.same(installed.names, ['shop.example', 'www.shop.example'])
  const live = join(folder, 'live/shop.example')
  t.match(
    await readFile(join(live, 'cert.pem'), 'utf8'),
    /^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n$/,
  )
  for (const file of ['cert.pem', 'chain.pem', 'fullchain.pem', 'privkey.pem']) {
    t.equal((await stat(join(live, file))).mode & 0o777, 0o600, file)
  }
  t.equal((await stat(live)).mode & 0o777, 0o700)
  t.equal(await readlink(live), '../archive/shop.example/1')
  t.same(await loadCertificate(folder, 'shop.example'), installed)
})

t.test('the CA that gave a certificate is noted with it, and survives what its files survive', async (t) => {
  const folder = t.testdir()
  const [first, second] = [await newPair(folder, 'a.example'), await newPair(folder, 'a.example')]
  const directoryOf = async () => (await loadCertificate(folder, 'a.example'))?.directory
  await installCertificate(folder, { name: 'a.example', ...first, directory: 'https://one.example/dir' })
  await installCertificate(folder, { name: 'a.example', ...second, directory: 'https://two.example/dir' })
  const versions = await certificateVersions(folder, 'a.example')
  t.same(
    versions.map(({ directory }) => directory),
    ['https://two.example/dir', 'https://one.example/dir'],
  )
  const live = join(folder, 'live/a.example')
  await truncate(join(live, 'fullchain.pem'), 100)
  t.equal(await directoryOf(), 'https://two.example/dir', 'restored')
  const third = await newPair(folder, 'a.example')
  await writeFile(join(live, 'fullchain.pem'), third.fullChainPem)
  await writeFile(join(live, 'privkey.pem'), third.privateKeyPem)
  t.equal(await directoryOf(), undefined, 'it is not the note of what somebody has put there')
  await installCertificate(folder, { name: 'a.example', ...third })
  t.equal(await directoryOf(), undefined, 'from elsewhere')
})

t.test('a key that does not fit is refused and the old set stays', async (t) => {
  const folder = t.testdir()
  const first = await newPair(folder, 'a.example')
  const second = await newPair(folder, 'b.example')
  await installCertificate(folder, { name: 'a.example', ...first })
  const crossed = { name: 'a.example', fullChainPem: first.fullChainPem, privateKeyPem: second.privateKeyPem }
  await t.rejects(installCertificate(folder, crossed), { code: 'ACME_EDGE_ACME_PROTOCOL' })
  t.equal((await loadCertificate(folder, 'a.example'))?.privateKeyPem, first.privateKeyPem)
})

t.test('a reader never sees a key beside a certificate that it does not fit', async (t) => {
  const folder = t.testdir()
  const pairs = await Promise.all([1, 2].map(() => newPair(folder, 'a.example')))
  const fits = new Map(pairs.map((pair) => [pair.fullChainPem.trim(), pair.privateKeyPem]))
  let installing = true
  let loads = 0
  const reading = (async () => {
    while (installing) {
      const loaded = await loadCertificate(folder, 'a.example')
      if (loaded) t.equal(fits.get(loaded.fullChainPem.trim()), loaded.privateKeyPem)
      if (loaded) loads += 1
    }
  })()
  for (let i = 0; i < 20; i += 1) {
    const pair = pairs[i % 2] ?? { fullChainPem: '', privateKeyPem: '' }
    await installCertificate(folder, { name: 'a.example', ...pair })
  }
  installing = false
  await reading
  t.ok(loads > 20, `${loads} loads`)
  t.same((await readdir(join(folder, 'archive/a.example'))).sort(), ['18', '19', '20'], 'three generations are kept')
})

t.test('a damaged live file is restored from the checksummed copy of its set', async (t) => {
  const damages: Record<string, (live: string) => Promise<unknown>> = {
    'key truncated': (live) => truncate(join(live, 'privkey.pem'), 30),
    'key garbled': (live) => writeFile(join(live, 'privkey.pem'), 'noise'),
    'key deleted': (live) => rm(join(live, 'privkey.pem')),
    'chain truncated': (live) => truncate(join(live, 'fullchain.pem'), 100),
    'chain emptied': (live) => truncate(join(live, 'fullchain.pem'), 0),
    'generation gone, an older one left': async (live) => rm(await realpath(live), { recursive: true }),
  }
  for (const [name, damage] of Object.entries(damages)) {
    const folder = t.testdir()
    const pair = await newPair(folder, 'a.example')
    await installCertificate(folder, { name: 'a.example', ...pair })
    await installCertificate(folder, { name: 'a.example', ...pair })
    await damage(join(folder, 'live/a.example'))
    t.equal((await loadCertificate(folder, 'a.example'))?.privateKeyPem, pair.privateKeyPem, name)
    t.equal(await readFile(join(folder, 'live/a.example/privkey.pem'), 'utf8'), pair.privateKeyPem, `${name}: repaired`)
  }
  t.equal(Object.keys(damages).length, 6)
})

t.test('a folder made by hand is loaded, and kept aside when a certificate of ours takes its place', async (t) => {
  const folder = t.testdir()
  await writeByHand(folder, ['*.hand.example', 'hand.example'])
  const loaded = await loadCertificate(folder, '*.hand.example')
  t.same(loaded?.names, ['*.hand.example', 'hand.example'])
  await installCertificate(folder, { name: '*.hand.example', ...(await newPair(folder, '*.hand.example')) })
  t.ok((await lstat(join(folder, 'live/*.hand.example'))).isSymbolicLink())
  const archive = await readdir(join(folder, 'archive/*.hand.example'))
  t.equal(archive.filter((entry) => entry.startsWith('replaced-')).length, 1)
})

t.test('a broken folder is listed as broken and does not hide the others', async (t) => {
  const folder = t.testdir()
  await writeByHand(folder, ['good.example'])
  await writeByHand(folder, ['bad.example'])
  await truncate(join(folder, 'live/bad.example/privkey.pem'), 10)
  const listed = await listCertificates(folder)
  t.match(listed, [
    { name: 'bad.example', error: { code: 'ACME_EDGE_STORE_UNREADABLE', message: /acme-edge issue bad\.example/ } },
    { name: 'good.example', names: ['good.example'] },
  ])
})

t.test('nothing stored: nothing found, and no error', async (t) => {
  t.same(await listCertificates(t.testdir()), [])
  t.equal(await loadCertificate(t.testdir(), 'a.example'), undefined)
})

t.test('a name cannot leave the folder', async (t) => {
  for (const name of ['../x', '..', '', 'a/b', '.hidden', 'a..b', `${'a'.repeat(201)}`]) {
    await t.rejects(loadCertificate(t.testdir(), name), { code: 'ACME_EDGE_STORE_KEY_INVALID' }, name)
  }
})

t.test('openssl reads what was installed', async (t) => {
  const folder = t.testdir()
  await installCertificate(folder, { name: 'a.example', ...(await newPair(folder, 'a.example')) })
  const file = join(folder, 'live/a.example/cert.pem')
  const run = promisify(execFile)
  const found = await run('openssl', ['x509', '-noout', '-ext', 'subjectAltName', '-in', file]).catch(() => undefined)
  if (!found) return t.pass('openssl reads it', { skip: 'openssl is not installed' })
  t.match(found.stdout, /DNS:a\.example/)
})

/** Files copied there by a person: a real folder, and nothing in the archive. */
async function writeByHand(folder: string, names: string[]): Promise<void> {
  const scratch = join(folder, `scratch-${Math.random()}`)
  await writeCertificate(scratch, names)
  const name = String(names[0])
  await cp(await realpath(join(scratch, 'live', name)), join(folder, 'live', name), { recursive: true })
  await rm(join(folder, 'live', name, 'set.record'), { force: true })
}

async function newPair(base: string, ...names: string[]): Promise<{ fullChainPem: string; privateKeyPem: string }> {
  const scratch = join(base, `scratch-${Math.random()}`)
  await writeCertificate(scratch, names)
  const live = join(scratch, 'live', String(names[0]))
  const read = (file: string) => readFile(join(live, file), 'utf8')
  return { fullChainPem: await read('fullchain.pem'), privateKeyPem: await read('privkey.pem') }
}

t.test('a file that lacks its last line end alone is restored', async (t) => {
  const folder = t.testdir()
  const authority = await createTestAuthority()
  const { certPem, keyPem } = await authority.issue(['cut.example'])
  const set = { fullChainPem: `${certPem.trim()}\n`, privateKeyPem: `${keyPem.trim()}\n` }
  await installCertificate(folder, { name: 'cut.example', ...set })
  for (const file of ['privkey.pem', 'fullchain.pem']) {
    const path = join(folder, 'live/cut.example', file)
    const before = await readFile(path, 'utf8')
    await truncate(path, before.length - 1)
    t.match(await loadCertificate(folder, 'cut.example'), set, file)
    t.equal(await readFile(path, 'utf8'), before)
  }
})

t.test('a chain that is cut off between two certificates is restored', async (t) => {
  const folder = t.testdir()
  const authority = await createTestAuthority()
  const { certPem, keyPem } = await authority.issue(['cut.example'])
  const whole = { name: 'cut.example', fullChainPem: `${certPem}\n${authority.caPem}\n`, privateKeyPem: keyPem }
  await installCertificate(folder, whole)
  const file = join(folder, 'live/cut.example/fullchain.pem')
  const before = await readFile(file, 'utf8')
  await truncate(file, before.indexOf('-----END CERTIFICATE-----') + 25)
  t.equal(splitPem(String((await loadCertificate(folder, 'cut.example'))?.fullChainPem)).length, 2)
  t.equal(await readFile(file, 'utf8'), before)
})
