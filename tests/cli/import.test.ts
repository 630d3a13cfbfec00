import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { openFileStore } from '../../src/store/file-store.ts'
import { noteRevocation } from '../../src/store/revocations.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { eventually, spawnEdge } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'

t.setTimeout(180_000)
const password = 'pass word ü'
const noOpenssl = spawnSync('openssl', ['version']).error === undefined ? false : 'openssl is not installed'

async function fixture(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-import-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [httpPort, httpsPort = 0] = await freePorts(2)
  const config = {
    listen: { http: [`127.0.0.1:${httpPort}`], https: [`127.0.0.1:${httpsPort}`] },
    waf: { mode: 'off', rules: [] },
    log: { access: 'off' },
  }
  const write = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text)
  write('edge.yaml', JSON.stringify(config))
  write('password', `${password}\n`)
  const run = async (...words: string[]) => {
    const edge = spawnEdge(words, { cwd: folder })
    const { code } = await edge.exited
    return { code, stdout: edge.stdout(), stderr: edge.stderr() }
  }
  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(...words, '--json')
    return { code, stderr, said: JSON.parse(stdout) as Record<string, unknown> } // one object
  }
  const authority = await createTestAuthority()
  /** Writes `<prefix>.pem`, `<prefix>.key`, and the root as ca.pem. */
  const bring = async (prefix: string, names: readonly string[]) => {
    const { certPem, keyPem } = await authority.issue(names)
    write(`${prefix}.pem`, `${certPem}\n`)
    write(`${prefix}.key`, `${keyPem}\n`)
    write('ca.pem', `${authority.caPem}\n`)
    return new X509Certificate(certPem)
  }
  const read = (name: string) => readFileSync(join(folder, name), 'latin1')
  return { folder, config, httpsPort, run, json, bring, write, read }
}

t.test('a certificate from elsewhere is shown, exported and imported again', async (t) => {
  const { folder, run, json, bring, read, write, config } = await fixture(t)
  const leaf = await bring('a', ['a.example', 'www.a.example'])
  const serial = leaf.serialNumber.toLowerCase()
  const imported = await json('import', '--cert', 'a.pem', '--key', 'a.key', '--chain', 'ca.pem')
  const certificate = {
    name: 'a.example',
    names: ['a.example', 'www.a.example'],
    issuer: 'CN=test authority',
    chain: [],
    serial,
    keyType: 'ecdsa-p256',
    fingerprint: leaf.fingerprint256,
    ariId: /^[\w-]+\.[\w-]+$/,
    files: { privateKey: join(folder, 'certs/live/a.example/privkey.pem') },
  }
  t.match(imported, { code: 0, said: { ok: true, served: false, managed: false, certificate } })
  t.equal(statSync(join(folder, 'certs/live/a.example/privkey.pem')).mode & 0o777, 0o600)

  const described = await json('show', 'a.example')
  t.match(described, { code: 0, said: { ...certificate, managed: false } })
  t.notOk('ca' in described.said, 'none of our CAs gave it')
  const shown = await run('show', 'a.example')
  t.match(shown.stdout, new RegExp(`^SHA-256: +${leaf.fingerprint256}$`, 'm'))
  t.match(shown.stdout, /^renewed: +by nobody/m)
  const pem = await run('show', 'a.example', '--pem')
  t.equal(new X509Certificate(pem.stdout).fingerprint256, leaf.fingerprint256)
  for (const { stdout } of [shown, pem]) t.notMatch(stdout, /PRIVATE/)

  t.match(await json('export', 'a.example', '--pem', 'out.pem'), {
    code: 0,
    said: { ok: true, serial, files: ['out.pem'] },
  })
  t.equal(statSync(join(folder, 'out.pem')).mode & 0o777, 0o600)
  const toStdout = await run('export', 'a.example', '--stdout')
  t.equal(toStdout.stdout, read('out.pem'))
  t.match(await run('export', 'a.example', '--pfx', 'out.pfx', '--password-file', 'password'), {
    code: 0,
    stdout: /^out\.pfx: key and chain of a\.example/,
  })
  t.equal(statSync(join(folder, 'out.pfx')).mode & 0o777, 0o600)

  await t.test('openssl opens what was exported', { skip: noOpenssl }, async (t) => {
    const words = ['pkcs12', '-in', 'out.pfx', '-passin', 'file:password', '-nodes']
    const text = execFileSync('openssl', words, { cwd: folder, encoding: 'latin1', stdio: 'pipe' })
    t.equal(new X509Certificate(text.slice(text.indexOf('-----BEGIN CERT'))).fingerprint256, leaf.fingerprint256)
    t.match(text, /BEGIN PRIVATE KEY/)
  })

  for (const [kind, ...words] of [
    ['PKCS#12', '--pfx', 'out.pfx', '--password-file', 'password'],
    ['PEM', '--cert', 'out.pem', '--key', 'out.pem'],
  ]) {
    rmSync(join(folder, 'certs'), { recursive: true })
    t.match(await json('import', ...words), { code: 0, said: { certificate: { serial } } }, `${kind} is imported again`)
  }

  await t.test('one of the config goes to its place there', async (t) => {
    const names = ['www.a.example', 'a.example']
    write(
      'edge.yaml',
      JSON.stringify({ ...config, acme: { directory: 'https://127.0.0.1:1/dir', certificates: [{ names }] } }),
    )
    t.match(await json('import', '--cert', 'a.pem', '--key', 'a.key'), {
      said: { managed: true, certificate: { name: 'www.a.example' } },
    })
    t.match((await run('show', 'www.a.example')).stdout, /^renewed: +by the edge$/m)
  })
})

t.test('a running edge serves at once what is imported', async (t) => {
  const { folder, httpsPort, json, bring } = await fixture(t)
  const edge = spawnEdge(['run', '--config', 'edge.yaml'], { cwd: folder })
  t.teardown(async () => {
    edge.child.kill('SIGTERM')
    await edge.exited
  })
  await eventually('the edge runs', () => edge.stderr().includes('"ready"'), 30_000)
  const served = async () => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: httpsPort,
      servername: 'a.example',
      rejectUnauthorized: false,
    })
    try {
      await once(socket, 'secureConnect')
      return socket.getPeerCertificate().fingerprint256
    } catch {
      return undefined
    } finally {
      socket.destroy()
    }
  }
  t.equal(await served(), undefined)
  for (const prefix of ['first', 'second']) {
    const leaf = await bring(prefix, ['a.example'])
    t.match(await json('import', '--cert', `${prefix}.pem`, '--key', `${prefix}.key`), {
      code: 0,
      said: { served: true },
    })
    t.equal(await served(), leaf.fingerprint256, prefix)
  }
})

t.test('what is wrong is said, with the exit code for it', async (t) => {
  const { folder, run, json, bring, write, read } = await fixture(t)
  await bring('a', ['a.example'])
  await bring('b', ['b.example'])
  const given = await bring('given', ['given.example'])
  write('other-ca.pem', (await createTestAuthority()).caPem)
  t.match(await json('import', '--cert', 'a.pem', '--key', 'a.key'), { code: 0 })
  t.match(await run('export', 'a.example', '--pfx', 'a.pfx', '--password-file', 'password'), { code: 0 })
  write('wrong-password', 'wrong')
  write('two-lines', 'a\nb\n')
  write('empty', '')
  write('cut.pfx', readFileSync(join(folder, 'a.pfx')).subarray(0, 300))
  write('cut.pem', read('a.pem').replace(/\n.{20}/, '\n'))
  write('cut.key', read('a.key').replace(/\n.{20}/, '\n'))
  write('ended.pem', await ended())
  write('huge', Buffer.alloc(1_048_577))
  const store = await openFileStore({ folder: join(folder, 'certs'), log: { warn: () => undefined } })
  await noteRevocation(store, given, { reason: 'keyCompromise', atMs: Date.now() })

  const wrong: readonly (readonly [line: string, code: number, says: RegExp])[] = [
    ['import', 2, /give --cert and --key, or --pfx/],
    ['import --cert a.pem', 2, /both --cert and --key/],
    ['import --chain a.pem', 2, /both --cert and --key/],
    ['import --cert a.pem --key a.key --pfx a.pfx', 2, /one of both/],
    ['import --cert none.pem --key a.key', 2, /none\.pem cannot be used: .*ENOENT/],
    ['import --cert huge --key a.key', 2, /more than 1048576 bytes/],
    ['import --cert cut.pem --key a.key', 2, /certificate 1 of cut\.pem cannot be used: it is damaged/],
    ['import --cert a.pem --key a.pem', 2, /a\.pem cannot be used: it holds no private key/],
    ['import --cert a.pem --key cut.key', 2, /the private key is damaged/],
    ['import --cert a.pem --key b.key', 2, /UNFIT: .*private key is that of none/],
    ['import --cert a.pem --key a.key --chain other-ca.pem', 2, /no part of its chain: CN=test authority/],
    ['import --cert a.pem --key a.key --chain b.pem', 2, /no part of its chain: CN=b\.example/],
    ['import --cert ended.pem --key ended.pem', 2, /it ended on 20/],
    ['import --cert given.pem --key given.key', 2, /revoked with keyCompromise/],
    ['import --pfx a.pfx', 2, /no terminal to ask .*--password-file/],
    ['import --pfx a.pfx --password-file wrong-password', 2, /a\.pfx cannot be used: the password does not fit/],
    ['import --pfx a.pfx --password-file two-lines', 2, /does not hold one line/],
    ['import --pfx a.pfx --password-file empty', 2, /does not hold one line/],
    ['import --pfx cut.pfx --password-file password', 2, /cut\.pfx cannot be used: not BER/],
    ['import --pfx a.pem --password-file password', 2, /a\.pem cannot be used/],
    ['export a.example --pem x --stdout', 2, /writes no file/],
    ['export a.example --stdout --password-file password', 2, /writes no file/],
    ['export a.example --stdout --json', 2, /no place for --json/],
    ['show', 2, /missing required argument 'name'/],
    ['show none.example', 2, /no certificate none\.example/],
    ['show ../a', 1, /cannot be the name/],
    ['show a.example --key', 2, /unknown option/],
  ]
  for (const [line, code, says] of wrong) {
    const outcome = await run(...line.split(' '))
    t.equal(outcome.code, code, `${line}: ${outcome.stderr}`)
    const said = line.endsWith('--json') ? outcome.stdout : outcome.stderr
    t.match(said, says, line)
    t.notMatch(outcome.stderr + outcome.stdout, /BEGIN|pass word/)
  }
  t.equal(wrong.length, 27)
})

/** A certificate that has ended, with its key, in one text. */
async function ended(): Promise<string> {
  const x509 = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=ended.example',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 7_200_000),
    notAfter: new Date(Date.now() - 3_600_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'ended.example' }])],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return `${certificate.toString('pem')}\n${key}\n`
}
