import { randomBytes, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findCertbot, findLego, runClient } from '../helpers/acme-clients.ts'
import { createCaFolder, startCa } from '../helpers/ca-process.ts'
import { startFakeDns } from '../helpers/fake-dns.ts'
import { freePorts } from '../helpers/free-ports.ts'

t.setTimeout(240_000)

const lego = findLego()
const certbot = findCertbot()
const names = ['shop.test', 'www.shop.test', 'late.test']

/** A CA, and a DNS server that sends its validation to this machine. */
async function start(t: Test, flags: readonly string[] = []) {
  const ca = await createCaFolder(t)
  const dns = await startFakeDns(Object.fromEntries(names.map((name) => [name, { a: ['127.0.0.1'] }])))
  t.teardown(() => dns.close())
  const [httpPort = 0, port = 0] = await freePorts(2)
  const words = ['--http-port', `${httpPort}`, '--dns', dns.server, '--listen', `127.0.0.1:${port}`, ...flags]
  return {
    ...ca,
    httpPort,
    server: await startCa(t, ca.caFolder, ...words),
    again: () => startCa(t, ca.caFolder, ...words),
  }
}

interface LegoLine {
  readonly names: readonly string[]
  readonly pem: string
  readonly window?: readonly [string, string]
}

function chainOf(pem: string, rootPem: string): X509Certificate {
  const [leaf, issuing, ...more] = pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? []
  if (!leaf || !issuing || more.length > 0) throw new Error('two certificates expected')
  const [own, issuer, root] = [leaf, issuing, rootPem].map((text) => new X509Certificate(text)) as [
    X509Certificate,
    X509Certificate,
    X509Certificate,
  ]
  if (own.verify(issuer.publicKey) && issuer.verify(root.publicKey)) return own
  throw new Error('the chain does not verify')
}

t.test('lego: names and an address, a profile, renewal by ARI, revocation, and a restart', lego, async (t) => {
  const ca = await start(t)
  const rootPem = await readFile(ca.rootFile, 'utf8')
  const key = join(ca.folder, 'account.pem')
  const run = async (...words: string[]) => {
    const always = ['-server', ca.server.directory, '-http', `127.0.0.1:${ca.httpPort}`, '-key', key]
    const { code, stdout, stderr } = await runClient(lego.program, [...always, ...words], {
      LEGO_CA_CERTIFICATES: ca.rootFile,
    })
    t.equal(code, 0, stderr)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LegoLine)
  }
  const [several, address] = await run('-profile', 'short', 'shop.test,www.shop.test', '127.0.0.1')
  if (!several || !address) throw new Error('two certificates expected')
  const leaf = chainOf(several.pem, rootPem)
  t.equal(leaf.subjectAltName, 'DNS:shop.test, DNS:www.shop.test')
  t.ok(leaf.validToDate.getTime() - Date.now() < 25 * 3_600_000, 'the short profile')
  t.equal(chainOf(address.pem, rootPem).subjectAltName, 'IP Address:127.0.0.1')

  const [renewed] = await run('-renew', 'late.test')
  t.ok(Date.parse(renewed?.window?.[0] ?? '') > Date.now() + 4 * 86_400_000, `the window of ARI: ${renewed?.window}`)
  await run('-revoke', 'late.test')

  ca.server.signal('SIGTERM')
  t.strictSame(await ca.server.exited, { code: 0, signal: null })
  const server = await ca.again()
  t.equal(server.directory, ca.server.directory)
  t.equal((await run('shop.test')).length, 1, 'the account is known after a restart')
})

t.test('lego: external account binding', lego, async (t) => {
  const { folder } = await createCaFolder(t)
  const file = join(folder, 'eab')
  const hmac = randomBytes(32).toString('base64url')
  await writeFile(file, `# handed out\nkid-1 ${hmac}\n`)
  const ca = await start(t, ['--eab-file', file])
  const words = ['-server', ca.server.directory, '-http', `127.0.0.1:${ca.httpPort}`]
  const run = (extra: string[], secret = hmac) =>
    runClient(lego.program, [...words, ...extra, 'shop.test'], { LEGO_CA_CERTIFICATES: ca.rootFile, EAB_HMAC: secret })
  t.match(await run([]), { code: 1, stderr: /externalAccountRequired/ })
  t.match(await run(['-eab-kid', 'kid-2']), { code: 1, stderr: /unauthorized/ })
  t.match(await run(['-eab-kid', 'kid-1'], randomBytes(32).toString('base64url')), { code: 1, stderr: /unauthorized/ })
  t.equal((await run(['-eab-kid', 'kid-1'])).code, 0)
  t.notMatch(ca.server.stderr(), hmac)
})

t.test('certbot: a certificate, its renewal and its revocation', certbot, async (t) => {
  const ca = await start(t)
  const folders = ['config', 'work', 'logs'].flatMap((name) => [`--${name}-dir`, join(ca.folder, name)])
  const run = async (...words: string[]) => {
    const run = await runClient(certbot.program, [...words, '-n', ...folders], { REQUESTS_CA_BUNDLE: ca.rootFile })
    t.equal(run.code, 0, `${words[0]}: ${run.stdout}${run.stderr}`)
  }
  const http = ['--standalone', '--http-01-address', '127.0.0.1', '--http-01-port', `${ca.httpPort}`]
  const server = ['--server', ca.server.directory]
  const request = ['certonly', ...http, ...server, '--agree-tos', '--register-unsafely-without-email']
  await run(...request, '-d', 'shop.test', '-d', 'www.shop.test')
  const live = join(ca.folder, 'config/live/shop.test')
  const rootPem = await readFile(ca.rootFile, 'utf8')
  const first = chainOf(await readFile(join(live, 'fullchain.pem'), 'utf8'), rootPem)
  t.equal(first.subjectAltName, 'DNS:shop.test, DNS:www.shop.test')
  await run('renew', '--force-renewal', '--no-random-sleep-on-renew')
  const second = chainOf(await readFile(join(live, 'fullchain.pem'), 'utf8'), rootPem)
  t.not(second.serialNumber, first.serialNumber)
  await run(
    'revoke',
    ...server,
    '--cert-path',
    join(live, 'cert.pem'),
    '--reason',
    'superseded',
    '--no-delete-after-revoke',
  )
  const certificate = await runClient(certbot.program, ['show_account', ...server, ...folders], {
    REQUESTS_CA_BUNDLE: ca.rootFile,
  })
  t.match(certificate.stdout, /Account URL: https:/)
})
