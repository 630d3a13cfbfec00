import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import type { CertificateWish } from '../../src/acme/certificate-wish.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import type { Progress } from '../../src/acme/progress.ts'
import { certificateId } from '../../src/acme/renewal/certificate-id.ts'
import { keyTypes } from '../../src/config/key-types.ts'
import { splitPem } from '../../src/store/certificate-set.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { openChallengeListener } from '../helpers/challenge-listener.ts'
import { type Pebble, type PebbleOptions, pebbleMissing, startPebble } from '../helpers/pebble.ts'

const skip = pebbleMissing()
const dayMs = 86_400_000

async function fixture(t: Test, options: Partial<PebbleOptions> = {}) {
  return (await fixtureWithPebble(t, options)).issue
}

async function fixtureWithPebble(t: Test, options: Partial<PebbleOptions>) {
  const folder = join(t.testdir(), 'certs')
  const publisher = await openChallengeListener()
  t.teardown(() => publisher.close())
  const pebble = await startPebble({ folder: join(t.testdirName, 'pebble'), httpPort: publisher.port, ...options })
  t.teardown(() => pebble.stop())
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  const acme = { directory: pebble.directory, rootCa: pebble.rootCa, contact: [], certificates: [] }
  const signal = AbortSignal.timeout(60_000)
  const issue = async (names: readonly string[], wish: Omit<CertificateWish, 'names'> = {}) => {
    const progress: Progress[] = []
    const onProgress = (event: Progress) => void progress.push(event)
    const order = { acme, store, certificateFolder: folder, publisher, signal, onProgress }
    const certificate = await issueCertificate({ ...order, ...wish, names: parseCertificateNames(names) })
    return { certificate, progress, leaf: new X509Certificate(certificate.fullChainPem) }
  }
  return { issue, pebble }
}

async function rootName({ management, rootCa }: Pebble, number: number): Promise<string> {
  const dispatcher = new Agent({ connect: { ca: await readFile(rootCa, 'utf8') } })
  const { body } = await request(`${management}/roots/${number}`, { dispatcher })
  const name = commonName(new X509Certificate(await body.text()).subject)
  await dispatcher.close()
  return name
}

function commonName(name: string): string {
  return String(/^CN=(.*)$/m.exec(name)?.[1])
}

t.test('each kind of key; one that is interrupted is not mistaken for another', { skip }, async (t) => {
  const issue = await fixture(t)
  const expected: Record<string, object> = {
    'ecdsa-p256': { asymmetricKeyType: 'ec', asymmetricKeyDetails: { namedCurve: 'prime256v1' } },
    'ecdsa-p384': { asymmetricKeyType: 'ec', asymmetricKeyDetails: { namedCurve: 'secp384r1' } },
    'rsa-2048': { asymmetricKeyType: 'rsa', asymmetricKeyDetails: { modulusLength: 2048 } },
    'rsa-3072': { asymmetricKeyType: 'rsa', asymmetricKeyDetails: { modulusLength: 3072 } },
    'rsa-4096': { asymmetricKeyType: 'rsa', asymmetricKeyDetails: { modulusLength: 4096 } },
  }
  for (const keyType of keyTypes) {
    const { leaf } = await issue(['key.example'], { keyType })
    t.match(leaf.publicKey, expected[keyType] as object, keyType)
  }
  t.equal(keyTypes.length, Object.keys(expected).length)
})

t.test('profiles: what is asked for, and an error that names those that there are', { skip }, async (t) => {
  const issue = await fixture(t, { profiles: { classic: 90 * 86_400, shortlived: 6 * 86_400 } })
  for (const [profile, days] of [
    ['classic', 90],
    ['shortlived', 6],
  ] as const) {
    const { certificate } = await issue([`${profile}.example`], { profile })
    t.equal(Math.round((certificate.notAfterMs - certificate.notBeforeMs) / dayMs), days)
  }
  await t.rejects(issue(['a.example'], { profile: 'tlsserver' }), {
    code: 'ACME_EDGE_ACME_PROFILE_UNKNOWN',
    message: /no profile "tlsserver": it offers classic, shortlived/,
  })
})

t.test('the chain that ends with a wished issuer, or the default and a word', { skip }, async (t) => {
  const { issue, pebble } = await fixtureWithPebble(t, { alternateRoots: 2 })
  const top = (pem: string) => commonName(new X509Certificate(splitPem(pem).at(-1) ?? '').issuer)
  const offered = await Promise.all([0, 1, 2].map((number) => rootName(pebble, number)))
  t.equal(new Set(offered).size, 3)
  for (const preferredChain of offered) {
    const { certificate, progress } = await issue(['a.example'], { preferredChain })
    t.equal(top(certificate.fullChainPem), preferredChain)
    t.same(
      progress.filter(({ kind }) => kind === 'chain'),
      [],
    )
  }
  const { certificate, progress } = await issue(['a.example'], { preferredChain: 'nobody' })
  t.ok(offered.includes(top(certificate.fullChainPem)))
  t.match(
    progress.filter(({ kind }) => kind === 'chain'),
    [{ missing: 'nobody' }],
  )
})

t.test('addresses (RFC 8738), alone and beside names', { skip }, async (t) => {
  const issue = await fixture(t)
  const { certificate } = await issue(['127.0.0.1'])
  t.same(certificate.names, ['127.0.0.1'])
  t.equal(certificate.name, '127.0.0.1')
  const mixed = await issue(['a.example', '127.0.0.1'])
  t.same([...mixed.certificate.names].sort(), ['127.0.0.1', 'a.example'])
})

t.test('a successor says what it replaces; an order that is refused for it goes without', { skip }, async (t) => {
  const issue = await fixture(t)
  const first = await issue(['a.example'])
  const replaces = certificateId(first.certificate.fullChainPem)
  const second = await issue(['a.example'], { replaces })
  t.not(second.certificate.serial, first.certificate.serial)
  const third = await issue(['a.example'], { replaces })
  t.not(third.certificate.serial, second.certificate.serial, 'replaced already: 409')
  const unknown = await issue(['a.example'], { replaces: 'AAAA.BBBB' })
  t.not(unknown.certificate.serial, third.certificate.serial, 'of another CA')
})
