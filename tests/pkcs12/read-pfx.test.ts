import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, randomInt, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { toPkcs12 } from '../../src/cli/pkcs12.ts'
import { FormatError } from '../../src/pkcs12/der.ts'
import { readPfx } from '../../src/pkcs12/read-pfx.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'

t.setTimeout(120_000)
const folder = mkdtempSync(join(tmpdir(), 'acme-edge-pfx-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const password = 'Größe & "$HOME" ü'
const path = (name: string) => join(folder, name)
writeFileSync(path('password'), `${password}\n`)

const authority = await createTestAuthority()
const { certPem, keyPem } = await authority.issue(['shop.example', 'www.shop.example'])
const [leaf, ca] = [new X509Certificate(certPem), new X509Certificate(authority.caPem)]
const key = createPrivateKey(keyPem)
const privateKey = key.export({ type: 'pkcs8', format: 'der' })
const pair = { fullChainPem: `${certPem}\n${authority.caPem}\n`, privateKeyPem: keyPem }
const exported = (word: string) => toPkcs12(pair, { name: 'shop.example', password: word })
writeFileSync(path('cert.pem'), certPem)
writeFileSync(path('key.pem'), keyPem)
writeFileSync(path('ca.pem'), authority.caPem)

/** What stands in the way of a program, as tap's `skip` wants it; with CI set it is a failure. */
function missing(program: string, ...words: string[]): string | false {
  if (spawnSync(program, words).error === undefined) return false
  if (process.env.CI) throw new Error(`${program} is not installed`)
  return `${program} is not installed`
}

const openssl = (...words: string[]) => execFileSync('openssl', words, { encoding: 'latin1', stdio: 'pipe' })
const noOpenssl = missing('openssl', 'version')

t.test('what `acme-edge export` writes is read again', async (t) => {
  const pfx = await exported(password)
  t.same(await readPfx(pfx, password), { privateKeys: [privateKey], certificates: [leaf.raw, ca.raw] })
  await t.rejects(readPfx(pfx, 'wrong'), { message: 'the password does not fit' })
  await t.rejects(readPfx(pfx, ''), { message: 'the password does not fit' })
})

t.test('and Java opens it', { skip: missing('keytool', '-help') }, async (t) => {
  writeFileSync(path('java.pfx'), await exported('changeit'))
  const words = ['-list', '-v', '-storetype', 'PKCS12', '-keystore', path('java.pfx'), '-storepass', 'changeit']
  const text = execFileSync('keytool', words, { encoding: 'latin1', stdio: 'pipe' })
  t.match(text, /PrivateKeyEntry/)
  t.match(text, /chain length: 2/)
  t.match(text, new RegExp(leaf.fingerprint256))
})

const kinds: readonly (readonly [name: string, words: readonly string[], expected: RegExp | 'read'])[] = [
  ['openssl 3', [], 'read'],
  [
    'triple DES and SHA-1, as Windows did',
    ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    'read',
  ],
  ['AES-128', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC'], 'read'],
  ['AES-256 and SHA-512', ['-keypbe', 'AES-256-CBC', '-macalg', 'sha512'], 'read'],
  ['certificates in the clear', ['-certpbe', 'NONE'], 'read'],
  ['a key in the clear', ['-keypbe', 'NONE'], 'read'],
  ['one iteration', ['-noiter', '-nomaciter'], 'read'],
  ['RC2', ['-legacy'], /too old or unknown: export it anew/],
  ['no MAC', ['-nomac'], /no MAC/],
]
t.test('what openssl makes', { skip: noOpenssl }, async (t) => {
  for (const [name, words, expected] of kinds) {
    const files = ['-in', path('cert.pem'), '-inkey', path('key.pem'), '-certfile', path('ca.pem')]
    openssl('pkcs12', '-export', ...files, '-out', path('theirs.pfx'), '-passout', `file:${path('password')}`, ...words)
    const read = readPfx(readFileSync(path('theirs.pfx')), password)
    if (expected !== 'read') {
      await t.rejects(read, { message: expected }, name)
      continue
    }
    const { privateKeys, certificates } = await read
    t.same(certificates, [leaf.raw, ca.raw], name)
    t.equal(privateKeys.length, 1)
    t.ok(createPrivateKey({ key: privateKeys[0] ?? Buffer.of(), format: 'der', type: 'pkcs8' }).equals(key), name)
    await t.rejects(readPfx(readFileSync(path('theirs.pfx')), 'wrong'), { message: /password does not fit/ }, name)
  }
  t.equal(kinds.length, 9)
})

t.test('a file that is changed or cut anywhere is refused, and nothing of it is shown', async (t) => {
  const pfx = await exported('p')
  const seed = randomInt(2 ** 31)
  t.comment(`seed ${seed}`)
  let state = seed
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
  const messages = new Set<string>()
  // Its beginning in any case: what lies behind is mostly found to be changed by its MAC.
  const places = Array.from({ length: 90 }, (_, i) => (i < 30 ? i : next(pfx.length)))
  for (const at of places) {
    const changed = Buffer.from(pfx)
    changed[at] = (changed[at] ?? 0) ^ (1 << next(8))
    for (const file of [changed, pfx.subarray(0, at)]) {
      const error = await readPfx(file, 'p').then(
        (parts) => (parts.privateKeys[0]?.equals(privateKey) ? undefined : new Error('other content was taken')),
        (error: unknown) => error,
      )
      // A bit that means nothing (a NULL's place, a friendly name is inside the MAC) may be changed unseen; content may not.
      if (error !== undefined) {
        t.ok(error instanceof FormatError, `${error} at ${at}`)
        messages.add(String(error))
      }
    }
  }
  t.ok(messages.size > 2, `${messages.size} kinds of refusal`)
})
