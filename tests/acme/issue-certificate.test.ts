import { X509Certificate } from 'node:crypto'
import { readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import type { CertificateWish } from '../../src/acme/certificate-wish.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import type { Progress } from '../../src/acme/progress.ts'
import { certificateId } from '../../src/acme/renewal/certificate-id.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { openChallengeListener } from '../helpers/challenge-listener.ts'
import { type Pebble, type PebbleOptions, pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()
t.setTimeout(180_000)

t.test('a certificate is issued and installed, the account is kept and reused', { skip }, async (t) => {
  const { folder, issue, publisher } = await fixture(t)
  const first = await issue(['shop.example', 'WWW.Shop.Example.'])
  t.same([...first.certificate.names].sort(), ['shop.example', 'www.shop.example'])
  t.same(publisher.told, ['shop.example'])
  t.equal(publisher.active(), 0, 'every challenge is withdrawn')
  t.match(first.progress[0], { kind: 'account', state: 'created' })
  t.same(
    first.kinds,
    [
      'account created',
      'order created',
      ...Array(2).fill('authorization published'),
      ...Array(2).fill('authorization asked'),
      ...Array(2).fill('authorization valid'),
      'finalized',
      'downloaded',
      'installed',
    ].sort(),
  )
  const live = join(folder, 'live/shop.example')
  const leaf = new X509Certificate(await readFile(join(live, 'cert.pem')))
  t.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  t.equal((await readFile(join(live, 'fullchain.pem'), 'utf8')).match(/BEGIN CERTIFICATE/g)?.length, 2)
  t.equal((await stat(join(live, 'privkey.pem'))).mode & 0o777, 0o600)
  const second = await issue(['other.example'])
  t.match(second.progress[0], { kind: 'account', state: 'reused', url: accountUrl(first.progress) })
  const third = await issue(['shop.example', 'www.shop.example'])
  t.not(third.certificate.serial, first.certificate.serial)
  t.not(third.certificate.privateKeyPem, first.certificate.privateKeyPem, 'every certificate has a key of its own')
  t.equal((await loadCertificate(folder, 'shop.example'))?.serial, third.certificate.serial)
})

t.test('20 % refused nonces are no hindrance', { skip }, async (t) => {
  const { issue } = await fixture(t, { nonceReject: 20 })
  for (let i = 0; i < 5; i += 1) await issue([`n${i}.example`])
})

t.test('an account that the CA forgot is registered again with the same key', { skip }, async (t) => {
  const { pebble, folder, issue, restart } = await fixture(t)
  await issue(['a.example'])
  const key = await accountKey(folder, pebble)
  await pebble.stop()
  await restart()
  const { kinds } = await issue(['a.example'])
  t.ok(kinds.includes('account recreated'), kinds.join())
  t.same(await accountKey(folder, pebble), key)
})

t.test('a truncated account key comes back from its copy: the same account', { skip }, async (t) => {
  const { pebble, folder, issue } = await fixture(t)
  const first = await issue(['a.example'])
  await truncate(await accountFile(folder, pebble, 'key.pem'), 10)
  const second = await issue(['b.example'])
  t.match(second.progress[0], { state: 'reused', url: accountUrl(first.progress) })
})

t.test('a failed validation is a typed error that names the host and what to do', { skip }, async (t) => {
  const { issue, publisher } = await fixture(t)
  publisher.publish = async () => undefined
  await t.rejects(issue(['refused.example']), {
    code: 'ACME_EDGE_ACME_VALIDATION_FAILED',
    side: 'ca',
    message: /refused\.example.*another server answers for refused\.example/,
    details: { host: 'refused.example', problem: { type: 'unauthorized', status: 403 } },
  })
})

t.test('nobody listens for the CA: the error says to open port 80', { skip }, async (t) => {
  const { issue, publisher } = await fixture(t)
  await publisher.close()
  await t.rejects(issue(['closed.example']), {
    code: 'ACME_EDGE_ACME_VALIDATION_FAILED',
    message: /open port 80 of closed\.example/,
    details: { problem: { type: 'connection' } },
  })
})

t.test('a name that the CA refuses is a typed error, with its subproblems', { skip }, async (t) => {
  const { issue } = await fixture(t)
  await t.rejects(issue(['blocked-domain.example']), {
    code: 'ACME_EDGE_ACME_REFUSED',
    details: { problem: { type: 'rejectedIdentifier' } },
  })
})

t.test('after a failure the next run succeeds', { skip }, async (t) => {
  const { issue, publisher } = await fixture(t)
  const { publish } = publisher
  publisher.publish = async () => undefined
  await t.rejects(issue(['again.example']))
  publisher.publish = publish
  await issue(['again.example'])
})

t.test('an interrupted order is resumed, with the same key', { skip }, async (t) => {
  const { issue, publisher } = await fixture(t)
  const { publish } = publisher
  const stop = new AbortController()
  publisher.publish = async () => stop.abort()
  await t.rejects(issue(['resumed.example'], stop.signal), { code: 'ACME_EDGE_ACME_ABORTED' })
  t.equal(publisher.active(), 0)
  publisher.publish = publish
  const { kinds } = await issue(['resumed.example'])
  t.ok(kinds.includes('order resumed'), kinds.join())
})

t.test('a CA that forgot account and order meanwhile: both are made anew', { skip }, async (t) => {
  const { pebble, issue, publisher, restart } = await fixture(t)
  const { publish } = publisher
  publisher.publish = async () => {
    throw new Error('the process ends here')
  }
  await t.rejects(issue(['forgotten.example']), /ends here/)
  publisher.publish = publish
  await pebble.stop()
  await restart()
  const { kinds } = await issue(['forgotten.example'])
  t.match(kinds.join(), /account recreated.*order created/)
  t.equal(publisher.active(), 0)
})

t.test('an order that failed while nobody answered is replaced by a new one', { skip }, async (t) => {
  const { issue, publisher, store } = await fixture(t)
  const { publish } = publisher
  const { write } = store
  publisher.publish = async () => undefined
  store.write = async (key, value) => {
    // As a crash would: the note that the order is lost is never written.
    const lost = key.startsWith('orders/') && String(value).includes('PRIVATE') && !String(value).includes('orderUrl')
    if (!lost || (await store.read(key)) === undefined) await write(key, value)
  }
  await t.rejects(issue(['orphan.example']), { code: 'ACME_EDGE_ACME_VALIDATION_FAILED' })
  t.match(String(await store.read('orders/orphan.example.json')), /orderUrl/)
  store.write = write
  publisher.publish = publish
  const { kinds } = await issue(['orphan.example'])
  t.ok(kinds.includes('order created'), kinds.join())
})

t.test(
  'a crash between download and installation: the certificate is installed, not ordered again',
  { skip },
  async (t) => {
    const { issue, publisher } = await fixture(t)
    const { installed } = publisher
    publisher.installed = async () => {
      throw new Error('the process ends here')
    }
    await t.rejects(issue(['late.example']), /ends here/)
    publisher.installed = installed
    const { kinds } = await issue(['late.example'])
    t.same(kinds, ['installed'])
  },
)

t.test('what an earlier run obtained is not installed where it is of no use', { skip }, async (t) => {
  const { issue, publisher, store } = await fixture(t, { profiles: { default: 12 } })
  const { installed } = publisher
  const obtain = async () => {
    publisher.installed = async () => {
      throw new Error('the process ends here')
    }
    await t.rejects(issue(['late.example']), /ends here/)
    publisher.installed = installed
    return String(JSON.parse(String(await store.read('orders/late.example.json'))).fullChainPem)
  }
  const replaces = certificateId(await obtain())
  const replaced = await issue(['late.example'], undefined, undefined, {}, { replaces })
  t.ok(replaced.kinds.includes('order created'), `to be replaced already: ${replaced.kinds.join()}`)
  t.not(certificateId(replaced.certificate.fullChainPem), replaces)
  const old = await obtain()
  await sleep(4_500) // a third of its life
  const fresh = await issue(['late.example'])
  t.ok(fresh.kinds.includes('order created'), `old: ${fresh.kinds.join()}`)
  t.not(fresh.certificate.fullChainPem, old)
  t.not(fresh.certificate.privateKeyPem, replaced.certificate.privateKeyPem)
})

t.test('the time allowed ends every wait', { skip }, async (t) => {
  const { issue, publisher } = await fixture(t)
  publisher.publish = (_challenge, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const started = Date.now()
  await t.rejects(issue(['slow.example'], undefined, 700), { code: 'ACME_EDGE_ACME_TIMEOUT' })
  t.ok(Date.now() - started < 3_000)
})

t.test('a CA that is down, untrusted or no CA is one clear error each', { skip }, async (t) => {
  const { pebble, issue, folder } = await fixture(t)
  await t.rejects(issue(['a.example'], undefined, undefined, { rootCa: undefined }), {
    code: 'ACME_EDGE_ACME_UNREACHABLE',
    message: /acme\.root_ca/,
  })
  await t.rejects(issue(['a.example'], undefined, undefined, { rootCa: join(folder, 'absent.pem') }), {
    code: 'ACME_EDGE_ACME_ROOT_CA_UNREADABLE',
  })
  const elsewhere = { directory: pebble.directory.replace('/dir', '/nothing') }
  await t.rejects(issue(['a.example'], undefined, undefined, elsewhere), { code: 'ACME_EDGE_ACME_REFUSED' })
  await pebble.stop()
  const started = Date.now()
  await t.rejects(issue(['a.example']), { code: 'ACME_EDGE_ACME_UNREACHABLE', message: /ECONNREFUSED/ })
  t.ok(Date.now() - started < 5_000)
})

async function fixture(t: Test, options: Partial<PebbleOptions> = {}) {
  const base = t.testdir()
  const folder = join(base, 'certs')
  const publisher = await openChallengeListener()
  t.teardown(() => publisher.close().catch(() => undefined))
  const begin = async (more: Partial<PebbleOptions>) => {
    const started = await startPebble({ folder: join(base, 'pebble'), httpPort: publisher.port, ...options, ...more })
    t.teardown(() => started.stop())
    return started
  }
  let pebble = await begin({})
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  const issue = async (
    names: string[],
    signal = new AbortController().signal,
    timeoutMs = 30_000,
    acme: object = {},
    wish: Partial<CertificateWish> = {},
  ) => {
    const progress: Progress[] = []
    const certificate = await issueCertificate({
      names: parseCertificateNames(names),
      acme: { directory: pebble.directory, rootCa: pebble.rootCa, contact: [], certificates: [], ...acme },
      store,
      certificateFolder: folder,
      publisher,
      signal,
      timeoutMs,
      onProgress: (event) => progress.push(event),
      ...wish,
    })
    const kinds = progress.map((event) => `${event.kind}${'state' in event ? ` ${event.state}` : ''}`)
    return { certificate, progress, kinds: kinds.sort() }
  }
  const restart = async () => {
    pebble = await begin({ acmePort: pebble.acmePort })
  }
  return { pebble, folder, store, publisher, issue, restart }
}

function accountUrl(progress: readonly Progress[]): string | undefined {
  return progress.find((event) => event.kind === 'account')?.url
}

async function accountKey(folder: string, pebble: Pebble): Promise<string> {
  return readFile(await accountFile(folder, pebble, 'key.pem'), 'utf8')
}

async function accountFile(folder: string, pebble: Pebble, file: string): Promise<string> {
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  const host = new URL(pebble.directory).host.replace(':', '-')
  const key = (await store.list(`accounts/${host}`)).find((key) => key.endsWith(file))
  return join(folder, 'state', String(key))
}
