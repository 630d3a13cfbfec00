import t from 'tap'
import { assertAccepted, assertRefused, inspectionsOf, startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t)
const to = (target: string, method = 'GET', host = 'shop.example') =>
  requestBytes(`${method} ${target} HTTP/1.1`, [`Host: ${host}`])

t.test('malformed or contradictory targets are refused', async (t) => {
  const targets = [
    'shop.example/x',
    'x',
    '?x',
    '#',
    '/#',
    '/a#b',
    '/a?b#c',
    '/a\\b',
    '\\',
    '/..\\x',
    '/?a\\b',
    '*',
    '*/x',
    '**',
    'shop.example:80',
    'http:/x',
    'http:x',
    'http:///x',
    'http://',
    '://x',
    'ftp://shop.example/',
    'file:///etc/passwd',
    'javascript:1',
    'http://shop.example@evil/',
    'http://user@shop.example/',
    'http://user:pw@shop.example/',
    'http://shop.example:abc/',
    'http://shop.example:99999/',
    'http://shop.example\\@evil/',
    'http://[::1/',
    'http://shop.example/#x',
    'http://shop.example/a\\b',
  ]
  await assertRefused(t, bench, [
    ...targets.map((target) => ({ name: target, bytes: to(target) })),
    { name: 'absolute ≠ Host', bytes: to('http://other.example/x') },
    { name: 'absolute, served by another site name', bytes: to('http://a.shop.example/x') },
    { name: 'absolute, other port', bytes: to('http://shop.example:81/x') },
    { name: 'absolute without Host', bytes: requestBytes('GET http://shop.example/x HTTP/1.1', []) },
    {
      name: 'absolute with two Hosts',
      bytes: requestBytes('GET http://shop.example/x HTTP/1.1', ['Host: shop.example', 'Host: shop.example']),
    },
    { name: 'asterisk with POST', bytes: to('*', 'POST') },
    { name: 'asterisk with HEAD', bytes: to('*', 'HEAD'), head: true },
    { name: 'asterisk with a query', bytes: to('*?x', 'OPTIONS') },
  ])
})

t.test('paths go to the origin byte for byte', async (t) => {
  const targets = [
    '/',
    '/a/../b',
    '/a/./b',
    '/..',
    '/../../etc',
    '//',
    '//a//b',
    '///',
    '//evil.example/x',
    '/http://evil/',
    '/a/',
    '/%2f',
    '/%2F',
    '/%5c',
    '/%3b',
    '/%2e%2e/',
    '/%2e/x',
    '/a;x=1/b',
    '/..;/b',
    '/a;/../b',
    '/?',
    '/??',
    '/?a=b&a=c&&',
    '/?a=/../b',
    '/?=',
    '/?a=%26',
    '/%41',
    '/%61',
    '/%7e',
    '/~',
    '/a+b',
    '/a%20b',
    "/!$&'()*+,;=:@",
    '/.well-known',
    '/.well-known/',
    '/.well-known/acme-challenge',
    '/.well-known/acme-challenge/',
    '/@',
    '/:',
    '/a:b@c',
  ]
  await assertAccepted(
    t,
    bench,
    targets.map((target) => ({ name: target, bytes: to(target), target })),
  )
  const eitherWay = [
    '/%',
    '/%zz',
    '/%u0041',
    '/%00',
    '/%c0%ae',
    '/%0d%0a',
    '/|',
    '/"',
    '/<>',
    '/^',
    '/`',
    '/{}',
    '/[]',
    '/\xe9',
    '/\xff?\xfe',
    '/?<script>',
    '/%%',
    '/%252e',
  ]
  await assertAccepted(
    t,
    bench,
    eitherWay.map((target) => ({ name: target, bytes: to(target), target, orRefused: true })),
  )
})

t.test('an absolute-form target of the same host becomes origin form', async (t) => {
  await assertAccepted(t, bench, [
    { name: 'plain', bytes: to('http://shop.example/x?y'), target: '/x?y', present: ['Host: shop.example'] },
    { name: 'no path', bytes: to('http://shop.example'), target: '/', present: ['Host: shop.example'] },
    { name: 'query without a path', bytes: to('http://shop.example?y'), target: '/?y', orRefused: true },
    {
      name: 'other case',
      bytes: to('HTTP://SHOP.example/x'),
      target: '/x',
      present: ['Host: shop.example'],
      orRefused: true,
    },
    { name: 'dot segments stay', bytes: to('http://shop.example/a/../b//c'), target: '/a/../b//c' },
    {
      name: 'same port',
      bytes: to('http://shop.example:81/x', 'GET', 'shop.example:81'),
      target: '/x',
      present: ['Host: shop.example:81'],
    },
  ])
})

t.test('OPTIONS * is inspected, then answered by the edge itself', async (t) => {
  const options = (...headers: string[]) => requestBytes('OPTIONS * HTTP/1.1', ['Host: shop.example', ...headers])
  bench.origin.forget()
  t.equal((await sendRaw(bench.http, options('X-Probe: asterisk'))).response?.status, 204)
  t.equal(inspectionsOf(bench.edge, 'asterisk').length, 1)
  t.equal((await sendRaw(bench.http, options('X-A: attack-marker'))).response?.status, 403)
  t.equal(bench.origin.bytesReceived(), 0)
})

t.test('the WAF sees the raw target: an attack in any form is blocked', async (t) => {
  const targets = [
    '/attack-marker',
    '/?attack-marker',
    '//x/../attack-marker',
    'http://shop.example/attack-marker',
    '/%2e/attack-marker;x',
    '/?a=attack%2dmarker',
    '/?a=attack-%6darker&a=b',
  ]
  let ran = 0
  for (const target of targets) {
    bench.origin.forget()
    t.equal((await sendRaw(bench.http, to(target))).response?.status, 403, target)
    t.equal(bench.origin.bytesReceived(), 0, `${target}: nothing at the origin`)
    ran++
  }
  t.equal(ran, 7)
})
