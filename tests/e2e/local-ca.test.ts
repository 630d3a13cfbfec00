import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import type { EdgeError } from '../../src/errors.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import {
  type CaFolder,
  type CaProcess,
  type ChallengeHost,
  createCaFolder,
  runCa,
  startCa,
  startChallengeHost,
} from '../helpers/ca-process.ts'
import { startFakeDns } from '../helpers/fake-dns.ts'
import { randomFrom } from '../helpers/random.ts'
import { isFullRun, runSize } from '../helpers/run-size.ts'

t.setTimeout(isFullRun ? 900_000 : 240_000)

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl && process.env.CI) throw new Error('openssl is not installed')

t.test('init, root, serve: another machine trusts the root and gets a certificate', async (t) => {
  const ca = await createCaFolder(t, '--name', 'Test net', '--permit', 'shop.test', '--permit', '127.0.0.0/8')
  const text = (await runCa('root', '--folder', ca.caFolder)).stdout
  t.match(text, /^Local root Test net until \d{4}-/)
  t.match(text, /vouches for {2}shop\.test, 127\.0\.0\.0\/8/)
  for (const where of ['Debian', 'macOS', 'Windows', 'Firefox', 'Node', 'curl']) t.match(text, where)
  const root = new X509Certificate(await readFile(ca.rootFile))
  t.match(text, root.fingerprint256)
  t.match(JSON.parse((await runCa('root', '--folder', ca.caFolder, '--json')).stdout), {
    fingerprint256: root.fingerprint256,
    permit: { domains: ['shop.test'], ranges: ['127.0.0.0/8'] },
  })

  const host = await startChallengeHost(t)
  const dns = await startFakeDns({ 'shop.test': { a: ['127.0.0.1'] }, 'www.shop.test': { a: ['127.0.0.1'] } })
  t.teardown(() => dns.close())
  const server = await startCa(t, ca.caFolder, '--http-port', `${host.port}`, '--dns', dns.server, '--life', '24h')
  const stored = await issue(t, { ca, server, host, names: ['shop.test', 'www.shop.test', '127.0.0.1'] })
  t.ok(dns.asked.includes('A www.shop.test'), 'names are resolved where --dns says')
  t.match(host.asked.map((each) => each.host).sort(), [
    `127.0.0.1:${host.port}`,
    `shop.test:${host.port}`,
    `www.shop.test:${host.port}`,
  ])
  const life = stored.notAfterMs - Date.now()
  t.ok(life > 23.9 * 3_600_000 && life <= 24 * 3_600_000, `--life 24h, not ${life / 3_600_000}`)
  const live = join(ca.folder, 'store/live/shop.test')
  if (hasOpenssl) verify(t, ca.rootFile, join(live, 'cert.pem'), join(live, 'chain.pem'))
  t.equal(
    await handshake(server.port, await readFile(ca.rootFile, 'utf8')),
    'authorized',
    "the server's own certificate",
  )
  await t.rejects(issue(t, { ca, server, host, names: ['shop.example'] }), {
    code: 'ACME_EDGE_ACME_REFUSED',
    message: /root permits/,
  })

  server.signal('SIGTERM')
  t.strictSame(await server.exited, { code: 0, signal: null })
  t.notMatch(server.stderr(), /PRIVATE KEY|"level":50/)
})

t.test('accounts, orders and certificates survive kill -9 in the middle of a validation', async (t) => {
  const ca = await createCaFolder(t)
  const host = await startChallengeHost(t)
  const first = await startCa(t, ca.caFolder, '--http-port', `${host.port}`)
  const listen = ['--listen', `127.0.0.1:${first.port}`]
  await issue(t, { ca, server: first, host, names: ['a.localhost'] })
  // The CA asks, and is killed before it has its answer.
  const { promise, resolve } = Promise.withResolvers<void>()
  host.override = () => resolve()
  const issuing = issue(t, { ca, server: first, host, names: ['b.localhost'] })
  issuing.catch(() => undefined) // judged below
  await promise
  first.signal('SIGKILL')
  await first.exited
  host.override = undefined
  const second = await startCa(t, ca.caFolder, '--http-port', `${host.port}`, ...listen)
  await t.resolves(issuing, 'the client that was waiting has its certificate')
  const steps: string[] = []
  await issue(t, { ca, server: second, host, names: ['c.localhost'], onStep: (step) => void steps.push(step) })
  t.ok(steps.includes('account reused'), steps.join())
})

t.test('a CA that is killed at any moment gives everybody a certificate in the end', async (t) => {
  const { seed, count } = runSize({ usual: 8, full: 100 })
  t.comment(`ACME_EDGE_TEST_SEED=${seed}`)
  const random = randomFrom(seed)
  const ca = await createCaFolder(t)
  const host = await startChallengeHost(t)
  const words = ['--http-port', `${host.port}`]
  let server = await startCa(t, ca.caFolder, ...words)
  words.push('--listen', `127.0.0.1:${server.port}`)
  let kills = 0
  for (let round = 0; round < count; round++) {
    const names = [`r${round}.localhost`, `s${round}.localhost`]
    let isDone = false
    const issuing = (async () => {
      for (let attempt = 0; attempt < 6 && !isDone; attempt++) {
        // A refused connection is the kill's doing, and so is a validation that is resumed while no client answers: the
        // next attempt goes on with the order, or orders anew.
        await issue(t, { ca, server, host, names }).then(
          () => {
            isDone = true
          },
          (error: EdgeError) =>
            t.match(error.code, /^ACME_EDGE_ACME_(UNREACHABLE|REFUSED|VALIDATION_FAILED)$/, error.message),
        )
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, random.below(500)))
    if (!isDone) kills++
    server.signal('SIGKILL')
    await server.exited
    t.notMatch(server.stderr(), /"level":50/)
    server = await startCa(t, ca.caFolder, ...words)
    await issuing
    t.ok(isDone, `round ${round}`)
  }
  t.comment(`${kills} of ${count} in the middle of an order`)
  t.ok(kills > 0)
})

t.test('two servers on one folder: the second one is refused', async (t) => {
  const ca = await createCaFolder(t)
  const first = await startCa(t, ca.caFolder)
  const second = await runCa('serve', '--folder', ca.caFolder, '--listen', '127.0.0.1:0')
  t.equal(second.code, 1)
  t.match(second.stderr, /ACME_EDGE_STORE_BUSY.*acme-server/)
  first.signal('SIGINT')
  t.strictSame(await first.exited, { code: 0, signal: null })
})

t.test('a root key that is kept elsewhere, encrypted, renews the issuing certificate', async (t) => {
  const { folder } = await createCaFolder(t)
  const [caFolder, keyFile, passphraseFile, wrongFile] = ['offline', 'root.key', 'passphrase', 'wrong'].map((name) =>
    join(folder, name),
  )
  if (!caFolder || !keyFile || !passphraseFile || !wrongFile) throw new Error('four paths')
  await writeFile(passphraseFile, 'correct horse battery staple\n')
  await writeFile(wrongFile, 'incorrect horse battery staple\n')
  const init = await runCa(
    'init',
    '--folder',
    caFolder,
    '--root-key',
    keyFile,
    '--passphrase-file',
    passphraseFile,
    '--json',
  )
  t.match(JSON.parse(init.stdout), { ok: true, rootKey: { kept: keyFile, encrypted: true } })
  t.match(await readFile(keyFile, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  t.equal((await stat(keyFile)).mode & 0o777, 0o600)
  t.notMatch(await readFile(join(caFolder, 'state/local-ca/root.pem'), 'latin1'), /PRIVATE KEY/)
  const serve = ['serve', '--folder', caFolder, '--listen', '127.0.0.1:0', '--root-key', keyFile]
  t.match(await runCa(...serve), { code: 2, stderr: /ACME_EDGE_LOCALCA_ROOTKEY.*encrypted/ })
  t.match(await runCa(...serve, '--passphrase-file', wrongFile), {
    code: 2,
    stderr: /ACME_EDGE_LOCALCA_ROOTKEY.*passphrase is wrong/,
  })
  const server = await startCa(t, caFolder, '--root-key', keyFile, '--passphrase-file', passphraseFile)
  t.match(server.directory, /^https:/)
  t.match(await runCa('init', '--folder', join(folder, 'other'), '--root-key', keyFile), {
    code: 1,
    stderr: /ACME_EDGE_LOCALCA_EXISTS/,
  })
})

t.test('what is typed wrongly is said, and nothing is made of it', async (t) => {
  const { folder, caFolder } = await createCaFolder(t, '--permit', 'shop.test')
  const none = join(folder, 'none')
  const short = join(folder, 'short')
  await writeFile(short, 'hunter2\n')
  const eab = join(folder, 'eab')
  await writeFile(eab, 'kid c2hvcnQ\n')
  const cases: { words: string[]; code: number; stderr: RegExp }[] = [
    { words: ['init', '--folder', caFolder], code: 1, stderr: /ACME_EDGE_LOCALCA_EXISTS/ },
    { words: ['init', '--folder', none, '--permit', 'com'], code: 2, stderr: /--permit com/ },
    { words: ['init', '--folder', none, '--permit', '0.0.0.0/0'], code: 2, stderr: /too wide/ },
    { words: ['init', '--folder', none, '--name', 'a\nb'], code: 2, stderr: /--name/ },
    { words: ['init', '--folder', none, '--passphrase-file', short], code: 2, stderr: /16 to 1024 characters/ },
    {
      words: ['init', '--folder', none, '--passphrase-file', none],
      code: 2,
      stderr: /--passphrase-file cannot be read/,
    },
    { words: ['root', '--folder', none], code: 1, stderr: /ACME_EDGE_LOCALCA_MISSING.*ca init/ },
    { words: ['root', '--folder', caFolder, '--pem', '--der'], code: 2, stderr: /ACME_EDGE_USAGE/ },
    { words: ['serve', '--folder', none], code: 1, stderr: /ACME_EDGE_LOCALCA_MISSING/ },
    { words: ['serve', '--folder', caFolder, '--listen', 'shop.test:1'], code: 2, stderr: /--listen takes/ },
    {
      words: ['serve', '--folder', caFolder, '--listen', '127.0.0.1:0'],
      code: 2,
      stderr: /name the server with --host/,
    },
    { words: ['serve', '--folder', caFolder, '--host', 'ca.example'], code: 2, stderr: /vouches only for shop\.test/ },
    { words: ['serve', '--folder', caFolder, '--http-port', '0'], code: 2, stderr: /a port is/ },
    { words: ['serve', '--folder', caFolder, '--http-port', '14000'], code: 2, stderr: /would ask itself/ },
    { words: ['serve', '--folder', caFolder, '--dns', 'dns.test'], code: 2, stderr: /--dns takes/ },
    { words: ['serve', '--folder', caFolder, '--life', '5s'], code: 2, stderr: /--life takes/ },
    { words: ['serve', '--folder', caFolder, '--life', '91d'], code: 2, stderr: /--life takes/ },
    { words: ['serve', '--folder', caFolder, '--orders-per-minute', '0'], code: 2, stderr: /a limit is/ },
    { words: ['serve', '--folder', caFolder, '--eab-file', eab], code: 2, stderr: /line 1: write a kid/ },
    { words: ['serve', '--folder', caFolder, '--root-key', none], code: 2, stderr: /root key cannot be read/ },
    { words: ['nosuch'], code: 2, stderr: /ACME_EDGE_USAGE/ },
  ]
  const results = await inPairs(cases, ({ words }) => runCa(...words))
  for (const [index, { words, code, stderr }] of cases.entries())
    t.match(results[index], { code, stderr }, words.join(' '))
  t.equal(results.length, 21)
  const json = await runCa('root', '--folder', none, '--json')
  t.match(JSON.parse(json.stdout), { ok: false, error: { code: 'ACME_EDGE_LOCALCA_MISSING' } })
  t.notOk(existsSync(none), 'no folder is left behind by a refusal')
})

interface Issuing {
  readonly ca: CaFolder
  readonly server: CaProcess
  readonly host: ChallengeHost
  readonly names: readonly string[]
  readonly onStep?: (step: string) => void
}

async function issue(_t: Test, { ca, server, host, names, onStep }: Issuing) {
  const folder = join(ca.folder, 'store')
  return issueCertificate({
    names: parseCertificateNames([...names]),
    acme: { directory: server.directory, rootCa: ca.rootFile, contact: [], certificates: [] },
    store: await openFileStore({ folder, log: pino({ enabled: false }) }),
    certificateFolder: folder,
    publisher: host.publisher,
    signal: AbortSignal.timeout(60_000),
    onProgress: (progress) => onStep?.(`${progress.kind} ${'state' in progress ? progress.state : ''}`),
  })
}

function verify(t: Test, root: string, leaf: string, chain: string): void {
  const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', root, '-untrusted', chain, leaf]
  t.match(execFileSync('openssl', args, { encoding: 'utf8' }), /: OK\n$/)
}

function handshake(port: number, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca })
    socket.once('secureConnect', () => {
      resolve(socket.authorized ? 'authorized' : String(socket.authorizationError))
      socket.destroy()
    })
    socket.once('error', (error) => resolve(error.message))
  })
}

/** Two at a time: each is a process. */
async function inPairs<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let i = 0; i < items.length; i += 2) results.push(...(await Promise.all(items.slice(i, i + 2).map(work))))
  return results
}
