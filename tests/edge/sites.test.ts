import t from 'tap'
import { defaultLimits, toLimitsConfig } from '../../src/config/limits-schema.ts'
import { openSites } from '../../src/edge/sites.ts'
import { edgeRequest, hostName } from '../helpers/edge-request.ts'

const site = (host: string, httpsRedirect = false) => ({
  hosts: [host],
  origins: [{ secure: false, host: '127.0.0.1', port: 9 }],
  httpsRedirect,
  originCa: undefined,
})

t.test('an exact host goes before a wildcard, and that before any', async (t) => {
  const names = ['shop.example', '*.shop.example', '*']
  const limits = toLimitsConfig(defaultLimits())
  const sites = openSites(
    names.map((name) => site(name)),
    limits,
  )
  t.teardown(() => sites.close())
  const found = (host: string) => sites.find(edgeRequest({ host: hostName(host) }))
  const origins = names.map((name) => found(name.replace('*', 'x')))
  const same = (host: string, index: number) => t.strictSame(found(host), origins[index], host)
  same('shop.example', 0)
  same('www.shop.example', 1)
  same('a.www.shop.example', 2)
  same('example', 2)
  same('::1', 2)
  same('evilshop.example', 2)
  t.not(found('shop.example'), undefined)
})

t.test('no site, no destination', async (t) => {
  const sites = openSites([site('*.shop.example')], toLimitsConfig(defaultLimits()))
  t.teardown(() => sites.close())
  for (const host of ['shop.example', 'other.example', 'a.b.shop.example', 'localhost', '10.0.0.1', '__proto__']) {
    t.equal(sites.find(edgeRequest({ host: hostName(host) })), undefined, host)
  }
})

t.test('a redirect to https keeps the target, on plain HTTP alone', async (t) => {
  const sites = openSites([site('*', true)], toLimitsConfig(defaultLimits()))
  t.teardown(() => sites.close())
  const target = '/.well-known/acme-challenge/x?a=b'
  const plain = sites.find(edgeRequest({ target }))
  t.match(plain, { kind: 'answer', response: { status: 308 } })
  t.ok(plain?.kind === 'answer' && plain.response.headers.includes(`https://shop.example${target}`))
  const literal = sites.find(edgeRequest({ host: hostName('::1'), target: '*' }))
  t.ok(literal?.kind === 'answer' && literal.response.headers.includes('https://[::1]/'))
  t.match(sites.find(edgeRequest({ target, secure: true })), { kind: 'origin' })
})
