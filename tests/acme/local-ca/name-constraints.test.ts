import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  type CertificateAuthority,
  createIntermediate,
  createRoot,
  signLeaf,
} from '../../../src/acme/local-ca/certificates.ts'
import { parseIpRange } from '../../../src/acme/local-ca/ip-range.ts'
import {
  isPermitted,
  type NameConstraints,
  nameConstraintsExtension,
  parseNameConstraints,
} from '../../../src/acme/local-ca/name-constraints.ts'
import { parsePermits, privateNames } from '../../../src/acme/local-ca/permit.ts'
import { type Random, randomFrom } from '../../helpers/random.ts'
import { runSize } from '../../helpers/run-size.ts'

const missing = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'
if (missing && process.env.CI) throw new Error(missing)

const policies: readonly NameConstraints[] = [
  privateNames,
  { domains: ['shop.test'], ranges: [] },
  { domains: [], ranges: ['10.0.0.0/8', 'fd00::/8'] },
  { domains: ['a.b.test', 'localhost'], ranges: ['192.168.7.0/25'] },
  { domains: ['x.test'], ranges: ['2001:db8:5::/61'] },
  { domains: ['one.test'], ranges: ['10.1.2.3/32', '172.16.0.0/12', '::1/128'] },
]

t.test('what the CA permits is what openssl accepts under its root', { skip: missing, timeout: 240_000 }, async (t) => {
  const { seed, count } = runSize({ usual: 90, full: 600 })
  t.comment(`ACME_EDGE_TEST_SEED=${seed}`)
  const random = randomFrom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-constraints-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const counts = { permitted: 0, refused: 0 }
  for (const [index, policy] of policies.entries()) {
    const root = await createRoot(Date.now(), { permit: policy })
    const issuing = await createIntermediate(root, Date.now())
    const names = new Set(Array.from({ length: count }, () => randomName(policy, random)))
    for (const verdict of await verdicts({ folder, root, issuing, names: [...names], index })) {
      const own = isPermitted(policy, verdict.name)
      counts[own ? 'permitted' : 'refused']++
      if (own !== verdict.isAccepted) t.fail(`${verdict.name} under ${JSON.stringify(policy)}: ${verdict.output}`)
    }
  }
  t.comment(JSON.stringify(counts))
  t.ok(counts.permitted >= 100, `${counts.permitted} permitted`)
  t.ok(counts.refused >= 100, `${counts.refused} refused`)
})

t.test('constraints are read as they were written', async (t) => {
  let ran = 0
  for (const policy of policies) {
    t.strictSame(parseNameConstraints([nameConstraintsExtension(policy)]), policy)
    ran++
  }
  const many = { domains: Array.from({ length: 200 }, (_, i) => `${'d'.repeat(40)}${i}.test`), ranges: ['10.0.0.0/8'] }
  t.strictSame(parseNameConstraints([nameConstraintsExtension(many)]), many, 'longer than one length byte')
  t.equal(ran, policies.length)
})

t.test('--permit takes domains and ranges, and refuses what nobody owns alone', async (t) => {
  t.strictSame(
    parsePermits(['Shop.Test', '.b.test', '*.c.test', '10.1.2.3/8', 'FD00::/8', '10.9.8.7', 'bücher.test']),
    {
      domains: ['shop.test', 'b.test', 'c.test', 'xn--bcher-kva.test'],
      ranges: ['10.0.0.0/8', 'fd00::/8', '10.9.8.7/32'],
    },
  )
  t.strictSame(parsePermits(['home.arpa', 'test', 'corp.example.com']).domains, [
    'home.arpa',
    'test',
    'corp.example.com',
  ])
  const wrong = [
    '',
    '.',
    'com',
    'co.uk',
    'github.io',
    '*',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/7',
    'fc00::/6',
    '10.0.0.0/33',
    '10.0.0/8',
  ]
  wrong.push('010.0.0.1', 'a b.test', 'a_b.test', 'fe80::1%eth0', '10.0.0.0/8/8', '1.2.3', '-a.test', '10.0.0.0/-1')
  let ran = 0
  for (const text of wrong) {
    t.throws(() => parsePermits([text]), { code: 'ACME_EDGE_USAGE' }, text)
    ran++
  }
  t.equal(ran, 20)
})

t.test('a range is canonical, or none', async (t) => {
  t.equal(parseIpRange('192.168.255.255/17'), '192.168.128.0/17')
  t.equal(parseIpRange('fd12:3456:789a::1/20'), 'fd12:3000::/20')
  t.equal(parseIpRange('::ffff:10.0.0.1'), '::ffff:a00:1/128')
  t.equal(parseIpRange('host'), undefined)
})

interface Verdict {
  readonly name: string
  readonly isAccepted: boolean
  readonly output: string
}

interface Signing {
  readonly folder: string
  readonly root: CertificateAuthority
  readonly issuing: CertificateAuthority
  readonly names: readonly string[]
  readonly index: number
}

/** One leaf a name, signed whatever the CA would say, and one run of openssl for all. */
async function verdicts({ folder, root, issuing, names, index }: Signing): Promise<Verdict[]> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const [rootFile, issuingFile] = [join(folder, `root${index}.pem`), join(folder, `issuing${index}.pem`)]
  writeFileSync(rootFile, root.certificate.toString())
  writeFileSync(issuingFile, issuing.certificate.toString())
  const leaves = names.map((_, number) => join(folder, `leaf${index}-${number}.pem`))
  for (const [number, name] of names.entries()) {
    const leaf = await signLeaf(issuing, { publicKey: spki, names: [name], nowMs: Date.now(), lifeMs: 3_600_000 })
    writeFileSync(String(leaves[number]), leaf.toString())
  }
  const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', rootFile, '-untrusted', issuingFile]
  const { stdout, stderr } = spawnSync('openssl', [...args, ...leaves], { encoding: 'utf8' })
  const output = `${stdout}${stderr}`
  return names.map((name, number) => {
    const isAccepted = output.includes(`${leaves[number]}: OK`)
    const isRefused = output.includes(`error ${leaves[number]}: verification failed`)
    if (isAccepted === isRefused) throw new Error(`no verdict about ${name}: ${output.slice(0, 2_000)}`)
    if (isRefused && !/(permitted|excluded) subtree violation/.test(output)) throw new Error(output.slice(0, 2_000))
    return { name, isAccepted, output: isAccepted ? 'OK' : 'refused' }
  })
}

/** Names at, under, beside and above the permitted ones, and addresses in and around the ranges. */
function randomName(policy: NameConstraints, random: Random): string {
  const { pick } = random
  const word = () => Array.from({ length: 1 + random.below(8) }, () => pick([...'abcxyz09'])).join('')
  // Half of the time near what is permitted, half of the time anywhere.
  const near = random.below(2) === 0
  const domain = pick(
    near && policy.domains.length > 0 ? policy.domains : [...privateNames.domains, 'shop.test', 'example.com'],
  )
  const [address = '', bits = '0'] = pick([
    ...policy.ranges,
    ...privateNames.ranges,
    '8.8.8.0/24',
    '2001:db8::/32',
  ]).split('/')
  switch (random.below(9)) {
    case 0:
      return domain
    case 1:
    case 2:
      return `${word()}.${domain}`
    case 3:
      return `${word()}.${word()}.${domain}`
    case 4:
      return `${word()}${domain}`
    case 5:
      return domain.split('.').slice(1).join('.') || word()
    case 6:
      return `${domain}.${word()}x`
    default:
      return randomAddress(address, Number(bits), random)
  }
}

/** An address whose bits outside the range's mask are random; in a third of cases one bit inside it is turned over. */
function randomAddress(address: string, bits: number, random: Random): string {
  const isV6 = address.includes(':')
  const size = isV6 ? 128 : 32
  const range = parseIpRange(`${address}/${bits}`)
  const groups = expand(String(range).split('/')[0] ?? '', isV6)
  const turned = random.below(3) === 0 && bits > 0 ? random.below(bits) : -1
  const all = groups.map((bit, index) => (index >= bits ? random.below(2) : index === turned ? 1 - bit : bit))
  const value = BigInt(`0b${all.join('')}`)
    .toString(16)
    .padStart(size / 4, '0')
  const text = isV6
    ? (value.match(/.{4}/g) ?? []).join(':')
    : (value.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.')
  return String(parseIpRange(text)?.split('/')[0])
}

function expand(address: string, isV6: boolean): number[] {
  if (!isV6) return address.split('.').flatMap((byte) => [...Number(byte).toString(2).padStart(8, '0')].map(Number))
  const [left = '', right] = address.split('::')
  const parts = (text: string) => (text === '' ? [] : text.split(':'))
  const missing = right === undefined ? 0 : 8 - parts(left).length - parts(right).length
  const words = [...parts(left), ...Array.from({ length: missing }, () => '0'), ...parts(right ?? '')]
  return words.flatMap((word) => [...Number.parseInt(word, 16).toString(2).padStart(16, '0')].map(Number))
}
