import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { splitPem } from '../../src/store/certificate-set.ts'
import { installCertificate } from '../../src/store/certificates.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { spawnEdge } from '../helpers/edge-process.ts'

t.setTimeout(120_000)

const password = 'pä ss"$😀'

/** Two certificates: ECDSA with a chain of two, RSA with itself alone. */
async function fixture(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-export-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string) => join(folder, name)
  const config = { listen: { http: ['127.0.0.1:0'] }, waf: { mode: 'off', rules: [] }, store: 'file:certs' }
  writeFileSync(file('edge.yaml'), JSON.stringify(config))
  writeFileSync(file('password'), `${password}\n`)
  const authority = await createTestAuthority()
  const { certPem, keyPem } = await authority.issue(['a.example', 'www.a.example'])
  const chain = `${certPem}\n${authority.caPem}\n`
  await installCertificate(file('certs'), { name: 'a.example', fullChainPem: chain, privateKeyPem: keyPem })
  await writeCertificate(file('certs'), ['rsa.example'], { weak: true })
  const run = async (...words: string[]) => {
    const edge = spawnEdge(['export', ...words], { cwd: folder })
    const { code } = await edge.exited
    return { code, stdout: edge.stdout(), stderr: edge.stderr() }
  }
  return { file, run }
}

/** What `openssl pkcs12` says of a file, and the key and the certificates that it finds. */
function openPfx(path: string, passwordFile: string) {
  const words = ['pkcs12', '-in', path, '-passin', `file:${passwordFile}`, '-nodes', '-info']
  const { status, stdout, stderr } = spawnSync('openssl', words, { encoding: 'utf8' })
  return { status, pem: stdout, info: `${stdout}${stderr}` }
}

const publicPem = (key: ReturnType<typeof createPublicKey>) => key.export({ type: 'spki', format: 'pem' }).toString()
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

t.test('key and chain as one PEM file', async (t) => {
  const { file, run } = await fixture(t)
  writeFileSync(file('a.pem'), 'old')
  chmodSync(file('a.pem'), 0o644)
  t.match(await run('a.example', '--pem', 'a.pem'), {
    code: 0,
    stdout: /^a\.pem: key and chain of a\.example, which ends 20\d\d-\d\d-\d\d\n$/,
    stderr: '',
  })
  const pem = readFileSync(file('a.pem'), 'utf8')
  const live = (name: string) => readFileSync(file(`certs/live/a.example/${name}.pem`), 'utf8').trim()
  t.equal(pem, `${live('privkey')}\n${live('fullchain')}\n`)
  t.equal(splitPem(pem).length, 2)
  t.equal(modeOf(file('a.pem')), '600', 'narrow, though the old file was not')
})

t.test('PKCS #12 that OpenSSL opens, with both kinds of keys', async (t) => {
  const { file, run } = await fixture(t)
  const cases = [
    { name: 'a.example', certificates: 2 },
    { name: 'rsa.example', certificates: 1 },
  ]
  for (const { name, certificates } of cases) {
    const pfx = file(`${name}.pfx`)
    const { code, stdout } = await run(
      name,
      '--pfx',
      pfx,
      '--pem',
      `${name}.pem`,
      '--password-file',
      'password',
      '--json',
    )
    t.equal(code, 0, name)
    t.match(JSON.parse(stdout), { ok: true, name, files: [`${name}.pem`, pfx] })
    t.notMatch(stdout, /PRIVATE KEY|ss"/)
    t.equal(modeOf(pfx), '600')

    const { status, pem, info } = openPfx(pfx, file('password'))
    t.equal(status, 0, info)
    const encryption = 'PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256'
    t.match(info, 'MAC: sha256, Iteration 100000')
    t.match(info, `Shrouded Keybag: ${encryption}`)
    t.match(info, `PKCS7 Encrypted data: ${encryption}`)
    t.equal(info.match(new RegExp(`friendlyName: ${name}`, 'g'))?.length, 2, 'key and leaf are named')
    t.equal(new Set(info.match(/localKeyID: .*/g)).size, 1, 'and belong to one another')
    const kept = readFileSync(file(`certs/live/${name}/fullchain.pem`), 'utf8')
    const raw = (text: string) => splitPem(text).map((one) => new X509Certificate(one).raw.toString('hex'))
    t.strictSame(raw(pem), raw(kept))
    t.equal(raw(pem).length, certificates)
    const key = createPrivateKey(readFileSync(file(`certs/live/${name}/privkey.pem`)))
    t.equal(publicPem(createPublicKey(createPrivateKey(pem))), publicPem(createPublicKey(key)))

    writeFileSync(file('wrong'), 'another')
    t.match(openPfx(pfx, file('wrong')), { status: 1, pem: '' })
    const bytes = readFileSync(pfx)
    const at = Math.floor(bytes.length / 2)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(file('damaged.pfx'), bytes)
    t.not(openPfx(file('damaged.pfx'), file('password')).status, 0, 'the MAC covers it')
  }
  t.equal(cases.length, 2)
  const again = readFileSync(file('a.example.pfx'))
  await run('a.example', '--pfx', 'a.example.pfx', '--password-file', 'password')
  t.notSame(readFileSync(file('a.example.pfx')), again, 'salts are new each time')
})

t.test('all of the file is DER: some programs read nothing else', async (t) => {
  const { file, run } = await fixture(t)
  t.match(await run('a.example', '--pfx', 'a.pfx', '--password-file', 'password'), { code: 0 })
  const parse = (...words: string[]) =>
    execFileSync('openssl', ['asn1parse', '-inform', 'DER', '-in', file('a.pfx'), ...words], { encoding: 'utf8' })
  const outer = parse()
  const content = outer.match(/^ *(\d+):.*OCTET STRING/m)?.[1] ?? ''
  const inner = parse('-strparse', content)
  t.match(outer, /pkcs7-data/)
  t.match(inner, /pkcs7-encryptedData/)
  t.notMatch(outer + inner, /l=inf/, 'no indefinite length')
})

t.test('what is wrong is said, and nothing is written', async (t) => {
  const { file, run } = await fixture(t)
  mkdirSync(file('folder'))
  writeFileSync(file('precious'), 'precious')
  symlinkSync('precious', file('link'))
  writeFileSync(file('empty'), '\n')
  writeFileSync(file('lines'), 'one\ntwo\n')
  const before = readdirSync(file('.')).sort()
  const pfx = ['--pfx', 'new.pfx']
  const wrong: readonly (readonly [words: string[], code: number, says: RegExp])[] = [
    [[], 2, /missing required argument 'name'/],
    [['a.example'], 2, /--pem FILE, --pfx FILE/],
    [['a.example', ...pfx], 2, /--password-file FILE/],
    [['a.example', '--pem', 'new.pem', '--password-file', 'password'], 2, /goes with --pfx/],
    [['a.example', ...pfx, '--pem', './new.pfx', '--password-file', 'password'], 2, /the same file/],
    [['a.example', ...pfx, '--password-file', 'none'], 2, /none cannot be used: ENOENT/],
    [['a.example', ...pfx, '--password-file', 'empty'], 2, /one line with a password/],
    [['a.example', ...pfx, '--password-file', 'lines'], 2, /one line with a password/],
    [['b.example', '--pem', 'new.pem'], 2, /no certificate b\.example.*acme-edge list/],
    [['../a', '--pem', 'new.pem'], 1, /cannot be the name/],
    [['a.example', '--pem', 'new.pem', '--config', 'none.yaml'], 2, /none\.yaml/],
    [['a.example', '--pem', 'folder'], 1, /folder cannot be written: .*not a regular file/],
    [['a.example', '--pem', 'link'], 1, /link cannot be written: .*not a regular file/],
    [['a.example', '--pem', 'no/folder.pem'], 1, /no\/folder\.pem cannot be written: ENOENT/],
    [
      ['a.example', '--pem', 'new.pem', '--pfx', 'folder', '--password-file', 'password'],
      1,
      /folder cannot be written/,
    ],
  ]
  for (const [words, code, says] of wrong) {
    const said = await run(...words)
    t.match(said, { code, stderr: says, stdout: '' }, words.join(' '))
    t.notMatch(said.stderr, /PRIVATE KEY|😀/)
  }
  t.equal(wrong.length, 15)
  t.strictSame(readdirSync(file('.')).sort(), before)
  t.equal(readFileSync(file('precious'), 'utf8'), 'precious')
  t.notOk(existsSync(file('new.pem')))
  const json = await run('b.example', '--pem', 'new.pem', '--json')
  t.match(JSON.parse(json.stdout), { ok: false, error: { code: 'ACME_EDGE_USAGE' } })
})
