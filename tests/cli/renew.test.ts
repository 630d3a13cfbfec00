import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { spawnEdge } from '../helpers/edge-process.ts'
import { startFaultProxy } from '../helpers/fault-proxy.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'
import { setRenewalInfo, windowAt } from '../helpers/renewal-window.ts'

const skip = pebbleMissing()
t.setTimeout(180_000)

interface Outcome {
  readonly name: string
  readonly result: string
  readonly next: string
  readonly error?: { readonly code: string }
}

async function fixture(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-renew-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const pebble = await startPebble({ folder })
  t.teardown(() => pebble.stop())
  const [httpsPort] = await freePorts(1)
  const writeConfig = (acme: object, listen: object = {}) =>
    writeFileSync(
      join(folder, 'edge.yaml'),
      JSON.stringify({
        listen: { http: [`127.0.0.1:${pebble.httpPort}`], https: [`127.0.0.1:${httpsPort}`], ...listen },
        waf: { mode: 'off', rules: [] },
        acme: { directory: pebble.directory, root_ca: pebble.rootCa, ...acme },
        log: { access: 'off' },
      }),
    )
  const run = async (...words: string[]) => {
    const edge = spawnEdge(words, { cwd: folder })
    const { code } = await edge.exited
    return { code, stdout: edge.stdout(), stderr: edge.stderr() }
  }
  const renew = async (...words: string[]) => {
    const { code, stdout, stderr } = await run('renew', '--json', ...words)
    const outcomes = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Outcome) // one object a line
    return { code, outcomes, stderr }
  }
  const chain = (name: string) => readFileSync(join(folder, 'certs/live', name, 'fullchain.pem'), 'utf8')
  return { pebble, writeConfig, run, renew, chain, folder }
}

t.test('renew does what is due, once', { skip }, async (t) => {
  const { pebble, writeConfig, run, renew, chain } = await fixture(t)
  writeConfig({ certificates: [{ names: ['a.example'] }, { names: ['b.example', 'www.b.example'] }] })

  const first = await renew('--all')
  t.match(first, {
    code: 0,
    outcomes: [
      { name: 'a.example', result: 'renewed' },
      { name: 'b.example', result: 'renewed' },
    ],
  })
  const [before, other] = [chain('a.example'), chain('b.example')]

  const again = await renew('--all')
  t.match(again, { code: 0, outcomes: [{ result: 'not due' }, { result: 'not due' }] })
  t.ok(Date.parse(String(again.outcomes[0]?.next)) > Date.now() + 30 * 86_400_000)
  t.equal(chain('a.example'), before)

  t.match(await renew('a.example', '--force'), { code: 0, outcomes: [{ name: 'a.example', result: 'renewed' }] })
  t.not(chain('a.example'), before)
  t.equal(chain('b.example'), other)

  const text = await run('renew', '--all')
  t.match(text, { code: 0, stdout: /^a\.example {2}not due, valid until 20\d\d-\d\d-\d\d, due 20\d\d-\d\d-\d\d$/m })

  await t.test('the CA moves a window to the past: it is due', async (t) => {
    t.match(await run('issue', 'c.example'), { code: 0 }) // of the store, not of the config; nobody has asked about it yet
    const old = chain('c.example')
    await setRenewalInfo(pebble, old, windowAt(-2))
    t.match(await renew('c.example'), { code: 0, outcomes: [{ name: 'c.example', result: 'renewed' }] })
    t.not(chain('c.example'), old)
    t.match(await renew('c.example'), { code: 0, outcomes: [{ result: 'not due' }] })
  })
})

t.test('one that fails is told and does not keep the others', { skip }, async (t) => {
  const { writeConfig, renew, run } = await fixture(t)
  writeConfig({ certificates: [{ names: ['blocked-domain.example'] }, { names: ['a.example'] }] })
  const { code, outcomes } = await renew('--all')
  t.equal(code, 1)
  t.match(outcomes, [
    { name: 'blocked-domain.example', result: 'failed', error: { code: 'ACME_EDGE_ACME_REFUSED' } },
    { name: 'a.example', result: 'renewed' },
  ])
  const wrong: readonly (readonly [words: string[], code: number, says: RegExp])[] = [
    [['renew'], 2, /--all/],
    [['renew', '--all', 'a.example'], 2, /--all/],
    [['renew', 'unknown.example'], 2, /no certificate unknown\.example/],
    [['renew', '../a'], 1, /cannot be the name/],
    [['renew', '--all', '--config', 'none.yaml'], 2, /none\.yaml/],
  ]
  for (const [words, expected, says] of wrong)
    t.match(await run(...words), { code: expected, stderr: says }, words.join(' '))
  t.equal(wrong.length, 5)
  writeConfig({ directory: 'https://127.0.0.1:1/dir', certificates: [{ names: ['new.example'] }] })
  t.match(await renew('--all'), {
    code: 1,
    outcomes: [{ result: 'failed', error: { code: 'ACME_EDGE_ACME_UNREACHABLE' } }],
  })
})

t.test('issue --dry-run goes the whole way and installs nothing', { skip }, async (t) => {
  const { pebble, writeConfig, run, chain } = await fixture(t)
  writeConfig({ directory: 'https://127.0.0.1:1/dir', staging: pebble.directory })
  const { code, stdout } = await run('issue', 'a.example', '--dry-run', '--key-type', 'rsa-2048', '--json')
  t.equal(code, 0)
  t.match(JSON.parse(String(stdout.trim().split('\n').at(-1))), {
    ok: true,
    dryRun: true,
    certificate: { name: 'a.example' },
  })
  t.throws(() => chain('a.example'), { code: 'ENOENT' })
  t.match(await run('list'), { code: 0, stdout: /^no certificates/ })
  const text = await run('issue', 'a.example', '--dry-run')
  t.match(text, { code: 0, stdout: /account reused(.|\n)*dry run: all went well/ })

  const wrong: readonly (readonly [words: string[], code: number, says: RegExp])[] = [
    [['--profile', 'tlsserver', '--dry-run'], 1, /no profile "tlsserver": it offers default/],
    [['--key-type', 'rsa-1024'], 2, /rsa-1024.*ecdsa-p256/],
    [['--timeout', '0'], 2, /whole seconds/],
  ]
  for (const [words, expected, says] of wrong)
    t.match(await run('issue', 'a.example', ...words), { code: expected, stderr: says }, words.join(' '))
  t.equal(wrong.length, 3)
  writeConfig({})
  t.match(await run('issue', 'a.example', '--dry-run'), { code: 2, stderr: /acme\.staging/ })
})

t.test('issue --csr: a certificate for a key that stays elsewhere', { skip: skip || opensslMissing() }, async (t) => {
  const { writeConfig, run, folder } = await fixture(t)
  writeConfig({})
  const subject = ['-subj', '/', '-addext', 'subjectAltName=DNS:a.example,IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes', '-keyout', 'my.key']
  execFileSync('openssl', ['req', '-new', ...key, ...subject, '-out', 'my.csr'], { cwd: folder, stdio: 'ignore' })
  const { code, stdout, stderr } = await run('issue', '--csr', 'my.csr', '--out', 'given', '--json')
  t.equal(code, 0, stderr)
  t.match(JSON.parse(String(stdout.trim().split('\n').at(-1))), { ok: true, names: ['a.example', '127.0.0.1'] })
  const leaf = new X509Certificate(readFileSync(join(folder, 'given/fullchain.pem')))
  t.ok(leaf.checkPrivateKey(createPrivateKey(readFileSync(join(folder, 'my.key')))))
  t.same(readdirSync(join(folder, 'given')).sort(), ['cert.pem', 'chain.pem', 'fullchain.pem'])
  t.match(await run('list'), { code: 0, stdout: /^no certificates/ })
  t.equal(existsSync(join(folder, 'certs/state/orders')) && readdirSync(join(folder, 'certs/state/orders')).length, 0)

  writeFileSync(
    join(folder, 'junk.csr'),
    '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n',
  )
  execFileSync('openssl', ['req', '-new', ...key, '-subj', '/', '-out', 'nameless.csr'], {
    cwd: folder,
    stdio: 'ignore',
  })
  const wrong: readonly (readonly [words: string[], says: RegExp])[] = [
    [['--csr', 'none.csr', '--out', 'x'], /none\.csr.*cannot be read/],
    [['--csr', 'junk.csr', '--out', 'x'], /no PKCS #10 request/],
    [['--csr', 'nameless.csr', '--out', 'x'], /names no host/],
    [['--csr', 'my.csr'], /--out FOLDER/],
    [['--csr', 'my.csr', '--out', 'x', 'b.example'], /name no others/],
    [['--csr', 'my.csr', '--out', 'x', '--dry-run'], /neither with --dry-run/],
    [['a.example', '--out', 'x'], /--out belongs to --csr/],
    [[], /missing required argument 'domain'/],
  ]
  for (const [words, says] of wrong) t.match(await run('issue', ...words), { code: 2, stderr: says }, words.join(' '))
  t.equal(wrong.length, 8)
  t.notOk(existsSync(join(folder, 'x')))
})

t.test(
  'issue --csr that was interrupted goes on with the same order; --ca chooses',
  { skip: skip || opensslMissing() },
  async (t) => {
    const { pebble, writeConfig, run, folder } = await fixture(t)
    let isDown = true
    const proxy = await startFaultProxy(pebble, ({ path }) =>
      isDown && path.startsWith('/certZ') ? { kind: 'answer', status: 503, body: 'down' } : undefined,
    )
    t.teardown(() => proxy.close())
    const fallback = [{ directory: proxy.directory, root_ca: pebble.rootCa }]
    writeConfig({ directory: 'https://127.0.0.2:1/dir', fallback })
    const words = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'my.key',
      '-subj',
      '/CN=a.example',
      '-addext',
      'subjectAltName=DNS:a.example',
    ]
    execFileSync('openssl', ['req', '-new', ...words, '-out', 'my.csr'], { cwd: folder, stdio: 'ignore' })
    const issue = ['issue', '--csr', 'my.csr', '--out', 'given']
    t.match(await run(...issue), { code: 1, stderr: /ACME_EDGE_ACME_UNREACHABLE.*127\.0\.0\.2/ })
    const chosen = [...issue, '--ca', '127.0.0.1']
    t.match(await run(...chosen), { code: 1, stderr: /ACME_EDGE_ACME_REFUSED/ })
    t.notOk(existsSync(join(folder, 'given')))
    isDown = false
    t.match(await run(...chosen), { code: 0, stdout: /order resumed(.|\n)*written: .*given\/fullchain\.pem/ })
    const leaf = new X509Certificate(readFileSync(join(folder, 'given/cert.pem')))
    t.ok(leaf.checkPrivateKey(createPrivateKey(readFileSync(join(folder, 'my.key')))))
    t.equal(proxy.seen.filter(({ path }) => path.startsWith('/order-plz')).length, 1)
    t.match(await run(...issue, '--ca', 'nobody.example'), { code: 2, stderr: /none of the CAs/ })
  },
)

t.test('issue for addresses: IPv4 and IPv6, proven by the edge itself', { skip: skip || ipv6Missing() }, async (t) => {
  const { pebble, writeConfig, run, chain, folder } = await fixture(t)
  writeConfig({}, { http: [`127.0.0.1:${pebble.httpPort}`, `[::1]:${pebble.httpPort}`] })
  t.match(await run('issue', '[::1]', '127.0.0.1'), { code: 0, stdout: /::1: proven(.|\n)*installed as __1,/ })
  t.equal(new X509Certificate(chain('__1')).subjectAltName, 'IP Address:0:0:0:0:0:0:0:1, IP Address:127.0.0.1')
  t.match(await run('list'), { code: 0, stdout: /^__1 .*::1/ })
  t.match(await run('renew', '__1', '--force'), { code: 0, stdout: /__1 {2}renewed/ })
  t.same(readdirSync(join(folder, 'certs/state/orders')), [])
})

function ipv6Missing(): string | false {
  return Object.values(networkInterfaces())
    .flat()
    .some((address) => address?.address === '::1')
    ? false
    : 'no IPv6 here'
}

function opensslMissing(): string | false {
  return spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'
}
