import t from 'tap'
import { createClientAddressReader } from '../../src/edge/client-address.ts'

const peer = { address: '10.0.0.1', port: 5555 }

t.test('without trusted proxies nothing that is said counts', (t) => {
  const read = createClientAddressReader([])
  t.match(read(peer, ['X-Forwarded-For', '1.2.3.4']), { client: peer, forwardedFor: [] })
  t.end()
})

t.test('a peer outside the networks is not believed', (t) => {
  const read = createClientAddressReader(['10.1.0.0/16', '2001:db8::/32', '10.0.0.2'])
  const said = read(peer, ['X-Forwarded-For', '1.2.3.4', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'a'])
  t.match(said, { client: peer, forwardedFor: [], scheme: undefined, forwardedHost: undefined })
  t.end()
})

t.test('hops are counted from the right', (t) => {
  const read = createClientAddressReader(['10.0.0.0/8', '2001:db8::1'])
  const cases: [values: string[], client: string, forwardedFor: string[]][] = [
    [['203.0.113.9'], '203.0.113.9', ['203.0.113.9']],
    [['6.6.6.6, 203.0.113.9'], '203.0.113.9', ['203.0.113.9']],
    [['6.6.6.6', '203.0.113.9, 10.2.2.2'], '203.0.113.9', ['203.0.113.9', '10.2.2.2']],
    [['203.0.113.9,2001:db8::1'], '203.0.113.9', ['203.0.113.9', '2001:db8::1']],
    [['10.9.9.9, 10.2.2.2'], '10.9.9.9', ['10.9.9.9', '10.2.2.2']],
    [['203.0.113.9, nonsense, 10.2.2.2'], '10.0.0.1', []],
    [['203.0.113.9:80'], '10.0.0.1', []],
    [[], '10.0.0.1', []],
  ]
  for (const [values, client, forwardedFor] of cases) {
    const found = read(
      peer,
      values.flatMap((value) => ['x-forwarded-for', value]),
    )
    t.equal(found.client.address, client, values.join(' | '))
    t.strictSame(found.forwardedFor, forwardedFor, values.join(' | '))
  }
  t.equal(cases.length, 8)
  t.end()
})

t.test('the nearest proxy says scheme and host, if it says something', (t) => {
  const read = createClientAddressReader(['10.0.0.1'])
  const says = (proto: string, host: string) => read(peer, ['X-Forwarded-Proto', proto, 'X-Forwarded-Host', host])
  t.match(says('http, HTTPS', 'evil.example, shop.example'), { scheme: 'https', forwardedHost: 'shop.example' })
  t.match(says('gopher', 'a b'), { scheme: undefined, forwardedHost: undefined })
  t.end()
})
