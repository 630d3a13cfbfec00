import t from 'tap'
import { assertAccepted, assertRefused, inspectionsOf, startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t, { hosts: ['shop.example', '*.shop.example', '192.0.2.7'] })
const withHosts = (...hosts: string[]) =>
  requestBytes(
    'GET /h HTTP/1.1',
    hosts.map((value) => `Host: ${value}`),
  )

t.test('a host that is missing, doubled or malformed is refused', async (t) => {
  const malformed = [
    '',
    ' ',
    'shop.example, other.example',
    'shop.example,shop.example',
    'user@shop.example',
    '@shop.example',
    'user:pw@shop.example',
    'shop.example/',
    'shop.example/x',
    '/shop.example',
    'shop.example x',
    'shop .example',
    'shop.example\tx',
    'http://shop.example',
    'shop.example:abc',
    'shop.example:99999',
    'shop.example:-1',
    'shop.example:+80',
    'shop.example:8 0',
    'shop.example:80:80',
    'shop.example:0x50',
    'shop.example\\x',
    'shop.example#x',
    'shop.example?x',
    'shop.example;x',
    '<shop.example>',
    '"shop.example"',
    'shop.example\x01',
    '[::1',
    '::1',
    '[::1]x',
    '[zz]',
    '[::1]:x',
    'shop..example',
    '.shop.example',
    '..',
    '.',
    `${'a.'.repeat(127)}shop.example`,
    '%73hop.example',
    'shop.example%00',
    'sh\xf6p.example',
  ]
  await assertRefused(t, bench, [
    { name: 'missing', bytes: requestBytes('GET /h HTTP/1.1', []) },
    { name: 'missing, HTTP/1.0', bytes: requestBytes('GET /h HTTP/1.0', []) },
    { name: 'twice the same', bytes: withHosts('shop.example', 'shop.example') },
    { name: 'twice, differing', bytes: withHosts('shop.example', 'other.example') },
    { name: 'in two cases', bytes: requestBytes('GET /h HTTP/1.1', ['Host: shop.example', 'hOST: other.example']) },
    { name: 'three', bytes: withHosts('shop.example', 'a.shop.example', 'shop.example') },
    { name: 'empty then good', bytes: withHosts('', 'shop.example') },
    ...malformed.map((value) => ({ name: `host ${JSON.stringify(value).slice(0, 60)}`, bytes: withHosts(value) })),
  ])
})

t.test('every spelling of a served host reaches the origin unchanged', async (t) => {
  const good = [
    'shop.example',
    'SHOP.EXAMPLE',
    'Shop.Example.',
    'shop.example:8080',
    'shop.example.:80',
    'a.shop.example',
    'A.SHOP.EXAMPLE:1',
    '192.0.2.7',
    '192.0.2.7:80',
  ]
  await assertAccepted(
    t,
    bench,
    good.map((value) => ({ name: value, bytes: withHosts(value), present: [`Host: ${value}`] })),
  )
  await assertAccepted(t, bench, [
    { name: 'empty port', bytes: withHosts('shop.example:'), orRefused: true, present: ['Host: shop.example:'] },
  ])
})

t.test('a host that no site serves is 421, after inspection', async (t) => {
  const unknown = [
    'other.example',
    'shop.example.evil',
    'xshop.example',
    'b.a.shop.example',
    '[::1]',
    '[::1]:80',
    '127.0.0.1',
    'localhost',
    'xn--shop-0ra.example',
    '192.0.2.8',
  ]
  let ran = 0
  for (const value of unknown) {
    bench.origin.forget()
    const probe = `unknown-${ran}`
    const clean = requestBytes('GET /h HTTP/1.1', [`Host: ${value}`, `X-Probe: ${probe}`])
    t.equal((await sendRaw(bench.http, clean)).response?.status, 421, `${value}: 421`)
    t.equal(inspectionsOf(bench.edge, probe).length, 1, `${value}: inspected once`)
    const attack = requestBytes('GET /h?q=attack-marker HTTP/1.1', [`Host: ${value}`])
    t.equal((await sendRaw(bench.http, attack)).response?.status, 403, `${value}: an attack is blocked`)
    t.equal(bench.origin.bytesReceived(), 0, `${value}: nothing reached the origin`)
    ran++
  }
  t.equal(ran, 10)
})
