import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { accountFolder } from '../../src/acme/account-record.ts'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { randomFrom } from '../helpers/random.ts'
import { runSize } from '../helpers/run-size.ts'
import { startLocalCa } from './local-ca/local-ca.ts'

t.setTimeout(300_000)
const names = ['a.localhost', 'b.localhost']
const interrupted = 'c.localhost'
/** Of so many truncated stores one is used to order with. */
const usedOf = 20

t.test('a file of the store that is cut off anywhere: no account and no key is lost', async (t) => {
  const { seed, count } = runSize({ usual: 300, full: 5_000 })
  t.comment(`seed ${seed}`)
  const random = randomFrom(seed)
  const ca = await startLocalCa(t)
  const { answers } = ca.challenges
  const base = mkdtempSync(join(tmpdir(), 'acme-edge-truncated-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const accounts = new Set<string>()
  const open = (folder: string) => openFileStore({ folder, log: { warn: () => undefined } })
  const issue = async (folder: string, name: string, published: () => void = () => undefined) => {
    const order = {
      names: parseCertificateNames([name]),
      acme: { directory: ca.server.directoryUrl, rootCa: undefined, contact: [], certificates: [] },
      store: await open(folder),
      certificateFolder: folder,
      signal: AbortSignal.timeout(20_000),
      onProgress: (event: { kind: string }) =>
        void ('url' in event && event.kind === 'account' && accounts.add(String(event.url))),
    }
    const publisher = {
      publish: async ({ token, keyAuthorization }: { token: string; keyAuthorization: string }) => {
        published()
        answers.set(token, keyAuthorization)
      },
      withdraw: async ({ token }: { token: string }) => void answers.delete(token),
      installed: async () => undefined,
    }
    return issueCertificate({ ...order, publisher })
  }

  const whole = join(base, 'whole')
  for (const name of [...names, ...names]) await issue(whole, name) // two generations each
  const stop = () => {
    throw new Error('the process ends here')
  }
  await t.rejects(issue(whole, interrupted, stop), /ends here/)
  const folderOfAccount = accountFolder(ca.server.directoryUrl)
  const known = await valuesOf(whole)
  t.same(
    [...known.keys()],
    [...names, `${folderOfAccount}/account.json`, `${folderOfAccount}/key.pem`, `orders/${interrupted}.json`],
  )
  const files = filesOf(whole)
  const touched = new Set<string>()
  const lost: string[] = []
  let used = 0
  for (let i = 0; i < count; i += 1) {
    const folder = join(base, 'cut')
    cpSync(whole, folder, { recursive: true, verbatimSymlinks: true })
    const file = random.pick(files)
    const { size } = statSync(join(folder, file))
    const bytes = random.below(size + 1)
    truncateSync(join(folder, file), bytes)
    touched.add(file)
    const found = await valuesOf(folder).catch((error: Error) => error.message)
    for (const [key, value] of known) {
      if (typeof found === 'string') lost.push(`${file} at ${bytes} of ${size}: ${found}`)
      else if (found.get(key) !== value) lost.push(`${file} at ${bytes} of ${size}: ${key} is another`)
      if (typeof found === 'string') break
    }
    if (i % usedOf === 0) {
      await issue(folder, interrupted)
      used++
    }
    rmSync(folder, { recursive: true })
  }
  t.same(lost, [], `seed ${seed}`)
  t.ok(touched.size > files.length / 2, `${touched.size} of ${files.length} files were cut off`)
  t.ok(used >= count / usedOf, `${used} were ordered with`)
  t.equal(accounts.size, 1, 'by one account')
  t.comment(`${count} files cut off, ${touched.size} different ones, ${used} stores ordered with`)

  /** What must not be lost: keys and certificates, the account, what was interrupted. */
  async function valuesOf(folder: string): Promise<Map<string, string>> {
    const store = await open(folder)
    const values = new Map<string, string>()
    for (const name of names) {
      const { fullChainPem, privateKeyPem } = (await loadCertificate(folder, name)) ?? {}
      values.set(name, `${privateKeyPem}${fullChainPem}`)
    }
    for (const key of await store.list('')) {
      const value = await store.read(key)
      values.set(key, String(value))
    }
    return values
  }
})

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).size > 0)
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}
