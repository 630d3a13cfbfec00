import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openAuthority } from '../../../src/acme/local-ca/authority.ts'
import type { Store } from '../../../src/store/contract.ts'
import { temporaryStore } from './local-ca.ts'

const dayMs = 86_400_000
const open = (store: Store, clock = Date.now) => openAuthority({ store, clock, signal: AbortSignal.timeout(10_000) })

function newPublicKey(): Buffer {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' })
}

t.test('the CA is made once and found again, its keys readable by the owner alone', async (t) => {
  const { store, folder } = await temporaryStore(t)
  const first = await open(store)
  const second = await open(store)
  t.equal(second.rootPem, first.rootPem)
  const { pem, leaf } = await second.issue({ publicKey: newPublicKey(), names: ['a.localhost'] })
  const issuing = new X509Certificate(pem.slice(pem.lastIndexOf('-----BEGIN')))
  t.ok(leaf.verify(issuing.publicKey) && issuing.verify(new X509Certificate(first.rootPem).publicKey))
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const modes = await Promise.all(files.map((entry) => stat(join(entry.parentPath, entry.name))))
  t.ok(modes.length >= 2)
  t.same([...new Set(modes.map((entry) => entry.mode & 0o777))], [0o600])
})

t.test('openings at the same time agree on one CA', async (t) => {
  const { store } = await temporaryStore(t)
  const opened = await Promise.all(Array.from({ length: 4 }, () => open(store)))
  t.equal(new Set(opened.map((authority) => authority.rootPem)).size, 1)
})

t.test('damaged keys are an error that names the place, never a new CA', async (t) => {
  const { store } = await temporaryStore(t)
  await open(store)
  const root = String(await store.read('local-ca/root.pem'))
  const issuing = String(await store.read('local-ca/issuing.pem'))
  const key = /-----BEGIN PRIVATE KEY-----[\s\S]*-----END PRIVATE KEY-----\n/
  const foreignKey = key.exec(issuing)?.[0] ?? ''
  const cases = {
    garbage: 'garbage',
    'no key': root.replace(key, ''),
    'a key that does not fit': root.replace(key, foreignKey),
  }
  let ran = 0
  for (const [name, text] of Object.entries(cases)) {
    await store.write('local-ca/root.pem', text)
    await t.rejects(open(store), { code: 'ACME_EDGE_LOCALCA_CORRUPT', message: /local-ca\/root\.pem/ }, name)
    t.equal(String(await store.read('local-ca/root.pem')), text, 'it stays as it is')
    ran++
  }
  t.equal(ran, 3)
  await store.write('local-ca/root.pem', root)
  await t.resolves(open(store))
})

t.test('an issuing certificate of another root is replaced, an old CA too', async (t) => {
  const { store } = await temporaryStore(t)
  const first = await open(store)
  await store.remove('local-ca/root.pem')
  const second = await open(store)
  t.not(second.rootPem, first.rootPem)
  const { pem } = await second.issue({ publicKey: newPublicKey(), names: ['a.localhost'] })
  const issuing = new X509Certificate(pem.slice(pem.lastIndexOf('-----BEGIN')))
  t.ok(issuing.verify(new X509Certificate(second.rootPem).publicKey))
  const later = () => Date.now() + 3_630 * dayMs
  t.not((await open(store, later)).rootPem, second.rootPem)
})

t.test('certificates carry what their role needs and nothing more', async (t) => {
  const { store } = await temporaryStore(t)
  const nowMs = Date.parse('2030-01-01T00:00:00Z')
  const authority = await open(store, () => nowMs)
  const { leaf, pem } = await authority.issue({ publicKey: newPublicKey(), names: ['a.localhost', 'b.localhost'] })
  const root = new X509Certificate(authority.rootPem)
  const issuing = new X509Certificate(pem.slice(pem.lastIndexOf('-----BEGIN')))
  t.same([root.ca, issuing.ca, leaf.ca], [true, true, false])
  t.ok(issuing.checkIssued(root) && leaf.checkIssued(issuing))
  t.equal(leaf.subject, 'CN=a.localhost')
  t.equal(leaf.validFromDate.toISOString(), '2029-12-31T23:59:00.000Z')
  t.equal(leaf.validToDate.toISOString(), '2030-01-08T00:00:00.000Z')
  t.match(leaf.serialNumber, /^[4-7][0-9A-F]{33}$/)
  t.ok(authority.rootPem.endsWith('-----END CERTIFICATE-----\n'))
  const long = `${'a'.repeat(63)}.localhost`
  const nameless = await authority.issue({ publicKey: newPublicKey(), names: [long] })
  t.equal(nameless.leaf.subject, undefined)
  t.equal(nameless.leaf.checkHost(long), long)
})
