import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { shippedRules } from '../../src/config/paths.ts'

const folder = mkdtempSync(join(tmpdir(), 'acme-edge-[load]-'))
t.teardown(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'crs'))
for (const name of ['b.conf', 'a.conf', 'B.conf', 'ä.conf', 'notes.txt']) writeFileSync(join(folder, 'crs', name), '')
mkdirSync(join(folder, 'crs', 'folder.conf'))
writeFileSync(join(folder, 'setup.conf'), '')
writeFileSync(join(folder, 'ca.pem'), '')

const full = `
# every key
listen:
  http: ["127.0.0.1:8080", "[::0]:80"]
  https: ["localhost:8443"]
sites:
  - hosts: ["Shop.Example.", "*.bücher.example", "[2001:DB8::0:1]", 192.0.2.7]
    origin: ["http://127.0.0.1:9000", "https://back.example"]
    https_redirect: true
    origin_ca: ca.pem
  - hosts: ["*"]
    origin: ["http://[::1]:9001/"]
waf:
  mode: off
  rules: ["@acme-edge", setup.conf, "crs/*.conf"]
  error_log: logs/waf.log
  audit_log: /var/log/audit.jsonl
acme:
  directory: "https://127.0.0.1:14000/dir"
  root_ca: pebble.minica.pem
  contact: ["mailto:ops@shop.example"]
  eab: {kid: kid-1, hmac_key_file: eab.key}
  fallback:
    - {directory: "https://other.example/dir", root_ca: other.pem, profile: short}
    - {directory: "https://third.example/dir", contact: [], eab: {kid: kid-3, hmac_key: dGhlIGtleSBvZiBhIGN1c3RvbWVy}}
  certificates:
    - names: ["shop.example", "www.bücher.example"]
    - {names: ["192.0.2.7", "[2001:DB8::1]"], profile: shortlived, key_type: ecdsa-p384}
  profile: tlsserver
  key_type: rsa-3072
  preferred_chain: "ISRG Root X2"
  staging: "https://127.0.0.1:14001/dir"
  limits: {new_orders: 1500/3h, certificates_per_domain: off, new_accounts: 2/d, renewals_exempt: true}
  on_demand:
    ask: "http://10.0.0.5:9000/may-it?from=edge"
    timeout: 2s
    limits: {per_minute: 3, per_registered_domain: 2/1d, waiting_handshakes: 50}
store: "redis://127.0.0.1:6379/0"
admin:
  listen: "127.0.0.1:9180"
workers: auto
log:
  access: logs/access.log
trusted_proxies: ["10.0.0.0/8", "192.0.2.1", "2001:DB8::/32"]
limits:
  header_timeout: 2s
  body_idle_timeout: 1500ms
  body_min_rate: 2KiB
  send_timeout: 20s
  header_size: 32KiB
  target_size: 4096B
  header_count: 50
`

const write = (name: string, text: string | Buffer): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const minimal = '{"listen":{"http":["127.0.0.1:8080"]},"sites":[{"hosts":["a"],"origin":["http://b:1"]}]}'

t.test('reads every key, resolves paths and canonicalises names', async (t) => {
  const file = write('full.yaml', full)
  const config = await loadConfig(file)
  t.equal(config.file, file)
  t.strictSame(config.listen, {
    http: [
      { host: '127.0.0.1', port: 8080 },
      { host: '::', port: 80 },
    ],
    https: [{ host: 'localhost', port: 8443 }],
  })
  t.strictSame(config.sites, [
    {
      hosts: ['shop.example', '*.xn--bcher-kva.example', '2001:db8::1', '192.0.2.7'],
      origins: [
        { secure: false, host: '127.0.0.1', port: 9000 },
        { secure: true, host: 'back.example', port: 443 },
      ],
      httpsRedirect: true,
      originCa: join(folder, 'ca.pem'),
    },
    { hosts: ['*'], origins: [{ secure: false, host: '::1', port: 9001 }], httpsRedirect: false, originCa: undefined },
  ])
  t.equal(config.waf.mode, 'off')
  t.equal(config.waf.errorLog, join(folder, 'logs/waf.log'))
  t.equal(config.waf.auditLog, '/var/log/audit.jsonl')
  t.strictSame(config.acme, {
    directory: 'https://127.0.0.1:14000/dir',
    rootCa: join(folder, 'pebble.minica.pem'),
    contact: ['mailto:ops@shop.example'],
    eab: { kid: 'kid-1', hmacKey: { file: join(folder, 'eab.key') } },
    fallback: [
      {
        directory: 'https://other.example/dir',
        rootCa: join(folder, 'other.pem'),
        contact: ['mailto:ops@shop.example'],
        eab: undefined,
        profile: 'short',
      },
      {
        directory: 'https://third.example/dir',
        rootCa: undefined,
        contact: [],
        eab: { kid: 'kid-3', hmacKey: { text: 'dGhlIGtleSBvZiBhIGN1c3RvbWVy' } },
        profile: undefined,
      },
    ],
    certificates: [
      {
        names: ['shop.example', 'www.xn--bcher-kva.example'],
        profile: 'tlsserver',
        keyType: 'rsa-3072',
        preferredChain: 'ISRG Root X2',
      },
      {
        names: ['192.0.2.7', '2001:db8::1'],
        profile: 'shortlived',
        keyType: 'ecdsa-p384',
        preferredChain: 'ISRG Root X2',
      },
    ],
    defaults: { profile: 'tlsserver', keyType: 'rsa-3072', preferredChain: 'ISRG Root X2' },
    staging: 'https://127.0.0.1:14001/dir',
    limits: {
      limits: {
        new_orders: { count: 1_500, periodMs: 10_800_000 },
        certificates_per_domain: 'off',
        duplicate_certificates: undefined,
        failed_validations: undefined,
        new_accounts: { count: 2, periodMs: 86_400_000 },
      },
      renewalsExempt: true,
    },
    onDemand: {
      ask: 'http://10.0.0.5:9000/may-it?from=edge',
      timeoutMs: 2_000,
      limits: { perMinute: 3, perRegisteredDomain: { count: 2, periodMs: 86_400_000 } },
      waitingHandshakes: 50,
    },
  })
  t.match(config.store, { kind: 'redis', host: '127.0.0.1', port: 6379, database: 0, folder: join(folder, 'cache') })
  t.strictSame(config.admin, { host: '127.0.0.1', port: 9180 })
  t.equal(config.workers, availableParallelism())
  t.strictSame(config.log, { access: { file: join(folder, 'logs/access.log') } })
  t.strictSame(config.trustedProxies, ['10.0.0.0/8', '192.0.2.1/32', '2001:db8::/32'])
  t.match(config.limits, {
    headerTimeoutMs: 2_000,
    bodyIdleTimeoutMs: 1_500,
    bodyMinBytesPerSecond: 2_048,
    sendTimeoutMs: 20_000,
    headerBytes: 32_768,
    targetBytes: 4_096,
    headerCount: 50,
    requestsPerSocket: 1_000,
  })
})

t.test('globs give files alone, sorted by byte, in the order of the list', async (t) => {
  const { waf } = await loadConfig(write('globs.yaml', full))
  const matched = ['B.conf', 'a.conf', 'b.conf', 'ä.conf'].map((name) => join(folder, 'crs', name))
  t.strictSame(waf.rules, [shippedRules, join(folder, 'setup.conf'), ...matched])
})

t.test('JSON is YAML, and what is absent has its default', async (t) => {
  const config = await loadConfig(write('edge.json', minimal))
  t.strictSame(config.waf, { mode: 'block', rules: [shippedRules], errorLog: undefined, auditLog: undefined })
  t.strictSame(config.store, { kind: 'file', folder: join(folder, 'certs') })
  t.equal(config.acme, undefined)
  t.equal(config.admin, undefined)
  t.equal(config.workers, 1)
  t.strictSame(config.log, { access: 'stdout' })
  t.strictSame(config.trustedProxies, [])
  t.strictSame(config.limits, {
    headerTimeoutMs: 10_000,
    bodyIdleTimeoutMs: 10_000,
    bodyMinBytesPerSecond: 512,
    sendTimeoutMs: 30_000,
    keepAliveTimeoutMs: 5_000,
    requestsPerSocket: 1_000,
    headerBytes: 16_384,
    headerCount: 100,
    targetBytes: 8_192,
    http2Streams: 100,
    originConnectTimeoutMs: 5_000,
    originResponseTimeoutMs: 60_000,
    originBodyIdleTimeoutMs: 60_000,
    originConnections: 256,
    drainTimeoutMs: 10_000,
    inspectionThreads: 2,
  })
})

t.test('a byte order mark and CRLF line ends are fine', async (t) => {
  const text = `\uFEFFlisten:\r\n  http: ["127.0.0.1:1"]\r\nsites:\r\n  - hosts: [a]\r\n    origin: ["http://b"]\r\n`
  t.equal((await loadConfig(write('bom.yaml', text))).sites[0]?.origins[0]?.port, 80)
})

t.test('a config without sites is enough for issuing', async (t) => {
  t.strictSame((await loadConfig(write('issue.yaml', 'listen: {http: ["127.0.0.1:1"]}'))).sites, [])
})

t.test('an empty list of rules is fine where nothing is inspected', async (t) => {
  const text = `${minimal.slice(0, -1)},"waf":{"mode":"off","rules":[]}}`
  t.strictSame((await loadConfig(write('off.yaml', text))).waf.rules, [])
})

t.test('the config is frozen through and through', async (t) => {
  const open: string[] = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) open.push(path)
    for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`)
  }
  visit(await loadConfig(write('frozen.yaml', full)), 'config')
  t.strictSame(open, [])
})

t.test('a file that cannot be read is named', async (t) => {
  const unreadable = { code: 'ACME_EDGE_CONFIG_UNREADABLE' }
  await t.rejects(loadConfig(join(folder, 'none.yaml')), {
    ...unreadable,
    message: /none\.yaml: there is no such file/,
  })
  await t.rejects(loadConfig(folder), { ...unreadable, message: /is not a file/ })
  await t.rejects(loadConfig(write('bytes.yaml', Buffer.from([0xff, 0xfe, 0x00]))), { ...unreadable, message: /UTF-8/ })
  await t.rejects(loadConfig(write('large.yaml', '#'.repeat(1_048_577))), { ...unreadable, message: /1048576 bytes/ })
})

t.test('a file without permission', { skip: process.getuid?.() === 0 && 'root reads every file' }, async (t) => {
  const file = write('secret.yaml', minimal)
  chmodSync(file, 0)
  await t.rejects(loadConfig(file), { code: 'ACME_EDGE_CONFIG_UNREADABLE', message: /permission denied/ })
})
