import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { type AuthorityOptions, openAuthority } from '../../../src/acme/local-ca/authority.ts'
import { initAuthority } from '../../../src/acme/local-ca/init-authority.ts'
import { privateNames } from '../../../src/acme/local-ca/permit.ts'
import type { Store } from '../../../src/store/contract.ts'
import { temporaryStore } from './local-ca.ts'

const dayMs = 86_400_000
const signal = () => AbortSignal.timeout(10_000)
const names = ['a.test', '10.1.2.3']
const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' })

const init = (store: Store, rootKey = {}) =>
  initAuthority({ store, rootKey, signal: signal(), root: { name: 'of a test', permit: privateNames } })

function open(store: Store, options: Partial<AuthorityOptions> = {}) {
  const warnings: string[] = []
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) }
  const opened = openAuthority({ store, log, create: false, signal: signal(), ...options })
  return opened.then((authority) => ({ authority, warnings }))
}

const issuerOf = (pem: string) => new X509Certificate(pem.slice(pem.lastIndexOf('-----BEGIN')))

t.test('a root for ten years, an issuing certificate for one, and both say what they vouch for', async (t) => {
  const { store } = await temporaryStore(t)
  const { root } = await init(store)
  const { authority } = await open(store)
  t.equal(authority.rootPem, root.toString())
  t.strictSame(authority.constraints, privateNames)
  const { pem, leaf } = await authority.issue({ publicKey, names })
  const issuing = issuerOf(pem)
  const years = ({ validFromDate, validToDate }: X509Certificate) =>
    (validToDate.getTime() - validFromDate.getTime()) / (365 * dayMs)
  t.match([years(root).toFixed(2), years(issuing).toFixed(2)], ['10.00', '1.00'])
  t.equal(leaf.subjectAltName, 'DNS:a.test, IP Address:10.1.2.3')
  const addressOnly = await authority.issue({ publicKey, names: ['10.1.2.3'] })
  t.equal(addressOnly.leaf.subject, undefined, 'an address is no common name')
  await t.rejects(authority.issue({ publicKey, names: ['shop.example'] }), /may not vouch for shop\.example/)
  await t.rejects(init(store), { code: 'ACME_EDGE_LOCALCA_EXISTS' })
})

t.test('the issuing certificate is renewed two months before its end, with a new key, while it serves', async (t) => {
  const { store } = await temporaryStore(t)
  await init(store)
  let nowMs = Date.now()
  const { authority, warnings } = await open(store, { clock: () => nowMs })
  const first = await authority.issue({ publicKey, names })
  nowMs += 304 * dayMs
  t.equal(
    issuerOf((await authority.issue({ publicKey, names })).pem).fingerprint256,
    issuerOf(first.pem).fingerprint256,
  )
  nowMs += 2 * dayMs
  const [second, third] = await Promise.all([1, 2].map(() => authority.issue({ publicKey, names })))
  if (!second || !third) throw new Error('two certificates')
  t.not(issuerOf(second.pem).fingerprint256, issuerOf(first.pem).fingerprint256)
  t.equal(issuerOf(second.pem).fingerprint256, issuerOf(third.pem).fingerprint256, 'renewed once')
  t.notOk(issuerOf(second.pem).publicKey.equals(issuerOf(first.pem).publicKey))
  t.ok(issuerOf(second.pem).checkIssued(new X509Certificate(authority.rootPem)))
  t.same(warnings, [])
  const revoked = { leaf: first.leaf, revokedAtMs: nowMs, reason: 0 }
  t.equal((await authority.revocationLists([revoked])).length, 2, 'the old one still has its list')
  nowMs += 60 * dayMs
  t.equal((await authority.revocationLists([revoked])).length, 1, 'until it ends')
  t.same(await store.list('local-ca/retired/'), [])
})

t.test('without the root key it warns once a day, cuts lives short, and stops at the end', async (t) => {
  const { store, folder } = await temporaryStore(t)
  const file = join(folder, 'root.key')
  await init(store, { file, passphrase: 'a long enough passphrase' })
  let nowMs = Date.now()
  const clock = () => nowMs
  const { authority, warnings } = await open(store, { clock })
  await authority.maintain()
  t.same(warnings, [])
  nowMs += 306 * dayMs
  for (let minute = 0; minute < 2 * 1440; minute += 60) {
    await authority.maintain()
    nowMs += 3_600_000
  }
  t.equal(warnings.length, 2, 'two days')
  t.match(warnings[0], /ends soon.*--root-key/)
  nowMs += 54 * dayMs
  const { leaf, pem } = await authority.issue({ publicKey, names })
  t.equal(leaf.validTo, issuerOf(pem).validTo, 'it ends with its issuer')
  nowMs += 4 * dayMs
  await t.rejects(authority.issue({ publicKey, names }), { code: 'ACME_EDGE_LOCALCA_EXPIRED' })
  await t.rejects(open(store, { clock }), { code: 'ACME_EDGE_LOCALCA_EXPIRED' })
  await t.rejects(open(store, { clock, rootKey: { file } }), {
    code: 'ACME_EDGE_LOCALCA_ROOTKEY',
    message: /encrypted/,
  })
  const rootKey = { file, passphrase: 'a long enough passphrase' }
  const back = await open(store, { clock, rootKey })
  t.equal((await back.authority.issue({ publicKey, names })).leaf.validToDate.getTime() > nowMs, true)
  t.equal(back.authority.rootPem, authority.rootPem, 'the root is the same')
})

t.test('a root key that does not serve is refused, whatever is wrong with it', async (t) => {
  const { store, folder } = await temporaryStore(t)
  const other = await temporaryStore(t)
  const [file, foreign] = [join(folder, 'root.key'), join(folder, 'foreign.key')]
  await init(store, { file })
  await init(other.store, { file: foreign })
  t.match(await readFile(file, 'utf8'), /^-----BEGIN PRIVATE KEY-----/)
  const cases = [
    { rootKey: { file: join(folder, 'none') }, message: /cannot be read/ },
    { rootKey: { file: foreign }, message: /another root/ },
    { rootKey: { file: join(folder, 'state/local-ca/root.pem') }, message: /holds no private key/ },
  ]
  for (const { rootKey, message } of cases)
    await t.rejects(open(store, { rootKey }), { code: 'ACME_EDGE_LOCALCA_ROOTKEY', message })
  t.equal(cases.length, 3)
  await t.resolves(open(store), 'without it the CA serves on')
  const { store: empty } = await temporaryStore(t)
  await t.rejects(open(empty), { code: 'ACME_EDGE_LOCALCA_MISSING' })
  t.same(await empty.list('local-ca/'), [], 'no CA is made where one is expected')
})

t.test('an encrypted root key in the folder opens with its passphrase alone', async (t) => {
  const { store } = await temporaryStore(t)
  await init(store, { passphrase: 'a long enough passphrase' })
  const nowMs = Date.now() + 320 * dayMs
  const locked = await open(store, { clock: () => nowMs })
  await locked.authority.maintain()
  t.equal(locked.warnings.length, 1)
  await t.rejects(open(store, { rootKey: { passphrase: 'another long passphrase' } }), {
    code: 'ACME_EDGE_LOCALCA_ROOTKEY',
  })
  const opened = await open(store, { clock: () => nowMs, rootKey: { passphrase: 'a long enough passphrase' } })
  await opened.authority.maintain()
  t.same(opened.warnings, [])
})
