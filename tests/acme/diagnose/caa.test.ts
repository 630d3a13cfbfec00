import t from 'tap'
import { type CaaVerdict, findCaa, judgeCaa } from '../../../src/acme/diagnose/caa.ts'
import { createDnsLookup } from '../../../src/acme/diagnose/dns-lookup.ts'
import { type Caa, type DnsName, startFakeDns } from '../../helpers/fake-dns.ts'

const signal = () => AbortSignal.timeout(10_000)

t.test('the climb ends at the first name that has records, and below the root', async (t) => {
  const zone: Record<string, DnsName> = {
    'a.b.example.com': { a: ['192.0.2.1'] },
    'b.example.com': { caa: [[0, 'issue', 'b.test']] },
    'example.com': { caa: [[128, 'ISSUE', 'a.test']] },
    'broken.example.com': { caa: 'REFUSED' },
  }
  const dns = await startFakeDns(zone)
  t.teardown(() => dns.close())
  const lookup = createDnsLookup({ servers: [dns.server], timeoutMs: 300, tries: 1 })
  const find = (name: string) => findCaa(name, lookup, signal())
  const b = { kind: 'found', at: 'b.example.com', records: [{ critical: false, tag: 'issue', value: 'b.test' }] }
  t.strictSame(await find('a.b.example.com'), b)
  t.strictSame(await find('*.b.example.com'), b, 'a wildcard is asked about without its star')
  t.strictSame(await find('nowhere.example.com'), {
    kind: 'found',
    at: 'example.com',
    records: [{ critical: true, tag: 'issue', value: 'a.test' }],
  })
  t.strictSame(await find('x.broken.example.com'), { kind: 'failed', at: 'broken.example.com', reason: 'REFUSED' })
  dns.asked.length = 0
  t.strictSame(await find('x.other.org'), { kind: 'none' })
  t.strictSame(dns.asked, ['CAA x.other.org', 'CAA other.org', 'CAA org'])
})

t.test('a server that says nothing is a failure in time; an abort ends it at once', async (t) => {
  const dns = await startFakeDns({ 'example.com': { caa: 'silent' } })
  t.teardown(() => dns.close())
  const quick = createDnsLookup({ servers: [dns.server], timeoutMs: 100, tries: 1 })
  t.match(await findCaa('example.com', quick, signal()), { kind: 'failed', reason: 'no answer in time' })
  const slow = createDnsLookup({ servers: [dns.server], timeoutMs: 60_000, tries: 1 })
  const startedAt = performance.now()
  await t.rejects(findCaa('example.com', slow, AbortSignal.timeout(50)), { name: 'TimeoutError' })
  t.ok(performance.now() - startedAt < 2_000)
})

/** RFC 8659 §4 and RFC 8657, for the CA `ca1.example.net` and the account `https://ca/1`. */
const verdicts: readonly (readonly [CaaVerdict['kind'], readonly Caa[], 'wildcard'?])[] = [
  ['allowed', [[0, 'issue', 'ca1.example.net']]],
  ['allowed', [[0, 'issue', 'CA1.Example.Net']]],
  ['allowed', [[0, 'issue', ' ca1.example.net ; ']]],
  ['allowed', [[0, 'issue', 'ca1.example.net; account=230123']]],
  [
    'allowed',
    [
      [0, 'issue', 'other.test'],
      [0, 'issue', 'ca1.example.net'],
    ],
  ],
  ['allowed', [[0, 'issue', 'ca1.example.net; validationmethods=http-01']]],
  ['allowed', [[0, 'issue', 'ca1.example.net; validationmethods = dns-01,http-01 ; accounturi = https://ca/1']]],
  ['allowed', [[0, 'issue', 'ca1.example.net; AccountURI=https://ca/1']]],
  [
    'allowed',
    [
      [0, 'issue', 'ca1.example.net; accounturi=https://ca/2'],
      [0, 'issue', 'ca1.example.net'],
    ],
  ],
  ['allowed', [[128, 'issue', 'ca1.example.net']]],
  ['allowed', [[0, 'iodef', 'mailto:a@example.com']]],
  ['allowed', [[0, 'issuewild', ';']]],
  ['allowed', [[0, 'unknown', 'x']]],
  ['allowed', [[128, 'iodef', 'mailto:a@example.com']]],
  [
    'allowed',
    [
      [0, 'issue', ';'],
      [0, 'issuewild', 'ca1.example.net'],
    ],
    'wildcard',
  ],
  ['allowed', [[0, 'issue', 'ca1.example.net']], 'wildcard'],
  ['other-ca', [[0, 'issue', ';']]],
  ['other-ca', [[0, 'issue', '']]],
  ['other-ca', [[0, 'issue', 'other.test']]],
  ['other-ca', [[0, 'issue', 'sub.ca1.example.net']]],
  ['other-ca', [[0, 'issue', 'ca1.example.net.evil.test']]],
  ['other-ca', [[0, 'issue', 'ca1.example.net; %%%%%']]],
  ['other-ca', [[0, 'issue', 'ca1.example.net; a=b c=d']]],
  [
    'other-ca',
    [
      [0, 'issue', 'ca1.example.net'],
      [0, 'issuewild', ';'],
    ],
    'wildcard',
  ],
  ['other-method', [[0, 'issue', 'ca1.example.net; validationmethods=dns-01']]],
  ['other-method', [[0, 'issue', 'ca1.example.net; validationmethods=']]],
  ['other-method', [[0, 'issue', 'ca1.example.net; validationmethods=http-01x']]],
  [
    'other-account',
    [
      [0, 'issue', 'ca1.example.net; accounturi=https://ca/2'],
      [0, 'issue', 'other.test'],
    ],
  ],
  ['other-account', [[0, 'issue', 'ca1.example.net; accounturi=https://ca/11']]],
  [
    'critical-unknown',
    [
      [128, 'tbs', 'x'],
      [0, 'issue', 'ca1.example.net'],
    ],
  ],
  ['critical-unknown', [[1, 'tbs', 'x']]],
]

t.test('who may issue', async (t) => {
  for (const [kind, records, wildcard] of verdicts) {
    const parsed = records.map(([flags, tag, value]) => ({ critical: (flags & 129) !== 0, tag, value }))
    const identities = ['ca0.example.net', 'ca1.example.net']
    const question = { identities, wildcard: wildcard !== undefined, accountUrl: 'https://ca/1' }
    t.equal(judgeCaa(parsed, question).kind, kind, JSON.stringify(records))
  }
  const question = { identities: [], wildcard: false, accountUrl: undefined }
  t.equal(judgeCaa([{ critical: false, tag: 'issue', value: 'a.test' }], question).kind, 'unknown')
  t.ok(verdicts.length >= 30, `${verdicts.length} sets of records`)
})
