import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { folderNameOf, parseCertificateNames } from '../../src/acme/certificate-names.ts'

t.test('names become canonical, each once, in their order', async (t) => {
  t.same(parseCertificateNames(['Shop.Example.', 'b.example', 'shop.example']), ['shop.example', 'b.example'])
  t.same(parseCertificateNames(['bücher.example', 'BÜCHER.example', '例え.テスト']), [
    'xn--bcher-kva.example',
    'xn--r8jz45g.xn--zckzah',
  ])
  t.same(parseCertificateNames(['localhost', 'xn--bcher-kva.example']), ['localhost', 'xn--bcher-kva.example'])
})

t.test('an address has one spelling, and a folder name', async (t) => {
  t.same(parseCertificateNames(['192.0.2.1', '[2001:DB8:0:0::1]', '2001:db8::1']), ['192.0.2.1', '2001:db8::1'])
  t.equal(folderNameOf(parseCertificateNames(['2001:db8::1', 'a.example'])), '2001_db8__1')
  t.equal(folderNameOf(parseCertificateNames(['a.example', '2001:db8::1'])), 'a.example')
})

t.test('what HTTP-01 cannot prove is refused with the reason', async (t) => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['*.shop.example', /wildcard.*DNS-01/],
    ['sh*p.example', /wildcard/],
    ['[192.0.2.256]', /bare host name|not a host name/],
    ['fe80::1%eth0', /bare host name/],
    ['2001:db8::1::2', /bare host name/],
    ['0x7f.1', /not a host name/],
    ['http://shop.example', /bare host name/],
    ['shop.example:443', /bare host name/],
    ['shop.example/path', /bare host name/],
    ['user@shop.example', /bare host name/],
    ['shop example', /bare host name/],
    ['-a.example', /not a host name/],
    ['a-.example', /not a host name/],
    ['a..example', /not a host name/],
    ['..', /not a host name/],
    ['', /not a host name/],
    ['a_b.example', /not a host name/],
    [`${'a'.repeat(64)}.example`, /not a host name/],
    [`${'a.'.repeat(130)}example`, /not a host name/],
    ['a\u0000.example', /not a host name/],
    ['a\n.example', /bare host name/],
  ]
  for (const [name, message] of refused) {
    t.throws(
      () => parseCertificateNames([name]),
      { code: 'ACME_EDGE_ACME_NAME_INVALID', message },
      JSON.stringify(name),
    )
  }
  t.equal(refused.length, 21)
})

t.test('none and more than a CA takes are refused', async (t) => {
  t.throws(() => parseCertificateNames([]), { code: 'ACME_EDGE_ACME_NAME_INVALID' })
  const many = Array.from({ length: 101 }, (_, i) => `n${i}.example`)
  t.throws(() => parseCertificateNames(many), { code: 'ACME_EDGE_ACME_NAME_INVALID' })
  t.equal(parseCertificateNames(many.slice(1)).length, 100)
})

t.test('whatever is given: a safe name that parses to itself, or the typed refusal', async (t) => {
  const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
  const numRuns = 3_000
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.webUrl(), fc.ipV4(), fc.ipV6())
  fc.assert(
    fc.property(text, (given) => {
      try {
        const [name = ''] = parseCertificateNames([given])
        const isSafe = /^[a-z0-9.-]{1,253}$/.test(name) || isIPv6(name)
        return isSafe && parseCertificateNames([name])[0] === name
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'ACME_EDGE_ACME_NAME_INVALID'
      }
    }),
    { seed, numRuns },
  )
  t.comment(`seed ${seed}, ${numRuns} names`)
})
