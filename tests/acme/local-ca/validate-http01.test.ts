import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createServer as createTcpServer } from 'node:net'
import t, { type Test } from 'tap'
import { openAuthority } from '../../../src/acme/local-ca/authority.ts'
import { issueOwnCertificate } from '../../../src/acme/local-ca/own-certificate.ts'
import { isValidationAddress } from '../../../src/acme/local-ca/validation-address.ts'
import {
  createResolver,
  createValidationNetwork,
  type ValidationRules,
} from '../../../src/acme/local-ca/validation-network.ts'
import { startFakeDns } from '../../helpers/fake-dns.ts'
import { temporaryStore } from './local-ca.ts'

const token = 'a'.repeat(43)
const path = `/.well-known/acme-challenge/${token}`
const constraints = { domains: ['shop.test', 'localhost'], ranges: ['127.0.0.0/8', '::1/128'] }

/** What a client would be told, as tap matches it. */
const problem = (type: string, message = /./) => ({ type, message })

async function listen(t: Test, server: Server & { closeAllConnections?(): void }, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections?.()
  })
  return (server.address() as AddressInfo).port // a TCP server has one
}

const check = (host: string, signal = AbortSignal.timeout(15_000)) => ({
  host,
  token,
  keyAuthorization: 'right',
  signal,
})

function network(httpPort: number, rules: Partial<ValidationRules> = {}) {
  const resolve = async () => ['127.0.0.1']
  return createValidationNetwork({ httpPort, httpsPort: undefined, maxRedirects: 10, constraints, resolve, ...rules })
}

t.test('redirects: same path, same ports, a host that the CA may vouch for, and not for ever', async (t) => {
  const seen: IncomingMessage[] = []
  let location = ''
  const port = await listen(
    t,
    createServer((request, response: ServerResponse) => {
      seen.push(request)
      if (request.headers.host?.startsWith('shop.test') && location !== '') response.writeHead(302, { location }).end()
      else response.end('right')
    }),
  )
  const refused = (message: RegExp) => problem('incorrectResponse', message)
  const cases: { name: string; location: string; outcome: ReturnType<typeof problem> | 'valid'; requests: number }[] = [
    { name: 'another permitted host', location: `http://www.shop.test:${port}${path}`, outcome: 'valid', requests: 2 },
    { name: 'an address', location: `http://127.0.0.9:${port}${path}`, outcome: 'valid', requests: 2 },
    { name: 'itself, for ever', location: path, outcome: refused(/status 302/), requests: 11 },
    {
      name: 'another path',
      location: `http://www.shop.test:${port}/admin`,
      outcome: refused(/another path/),
      requests: 1,
    },
    { name: 'a query', location: `${path}?x=1`, outcome: refused(/another path/), requests: 1 },
    {
      name: 'another port',
      location: `http://www.shop.test:${port === 81 ? 82 : 81}${path}`,
      outcome: refused(/to port 8/),
      requests: 1,
    },
    {
      name: 'https where it is not followed',
      location: `https://www.shop.test${path}`,
      outcome: refused(/to port 443/),
      requests: 1,
    },
    {
      name: 'a host outside',
      location: `http://shop.example:${port}${path}`,
      outcome: refused(/may not vouch/),
      requests: 1,
    },
    {
      name: 'a metadata service',
      location: `http://169.254.169.254:${port}${path}`,
      outcome: refused(/may not vouch/),
      requests: 1,
    },
    { name: 'a number for an address', location: `http://0x7f000001:${port}${path}`, outcome: 'valid', requests: 2 },
    {
      name: 'credentials',
      location: `http://a:b@www.shop.test:${port}${path}`,
      outcome: refused(/credentials/),
      requests: 1,
    },
    {
      name: 'a file',
      location: 'file:///etc/passwd',
      outcome: refused(/neither http nor https/),
      requests: 1,
    },
    { name: 'no URL', location: 'http://[', outcome: refused(/no URL/), requests: 1 },
  ]
  let ran = 0
  for (const { name, outcome, requests, ...each } of cases) {
    location = each.location
    seen.length = 0
    const validating = network(port).validate(check('shop.test'))
    if (outcome === 'valid') await t.resolves(validating, name)
    else await t.rejects(validating, outcome, name)
    t.equal(seen.length, requests, name)
    for (const { method, url, headers } of seen) {
      t.strictSame([method, url], ['GET', path], name)
      t.notOk(headers.authorization ?? headers.cookie, name)
    }
    ran++
  }
  t.equal(ran, 13)
})

t.test('a redirect to https is followed to its port, whatever certificate is there', async (t) => {
  const { store } = await temporaryStore(t)
  const authority = await openAuthority({ store, signal: AbortSignal.timeout(10_000) })
  const own = await issueOwnCertificate(authority, ['other.localhost'])
  const httpsPort = await listen(
    t,
    createTlsServer(own, (_request, response) => response.end('right')),
  )
  const port = await listen(
    t,
    createServer((_request, response) =>
      response.writeHead(301, { location: `https://shop.test:${httpsPort}${path}` }).end(),
    ),
  )
  await t.resolves(network(port, { httpsPort }).validate(check('shop.test')))
  await t.rejects(network(port, { httpsPort: 443 }).validate(check('shop.test')), problem('incorrectResponse'))
})

t.test('which addresses are connected to', async (t) => {
  const allowed = [
    '127.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '172.20.0.1',
    '100.64.0.1',
    '93.184.216.34',
    '::1',
    'fd00::1',
    '2606:2800::1',
  ]
  const refused = [
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '169.254.169.254',
    '240.0.0.1',
    '100.100.100.200',
    '168.63.129.16',
  ]
  refused.push(
    '::',
    'ff02::1',
    'fe80::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fd00:ec2::254',
    '0.1.2.3',
  )
  for (const address of allowed) t.ok(isValidationAddress(address), address)
  for (const address of refused) t.notOk(isValidationAddress(address), address)
  t.same([allowed.length, refused.length], [9, 15])
  const resolve = async () => ['169.254.169.254', '0.0.0.0']
  await t.rejects(network(80, { resolve }).validate(check('shop.test')), {
    type: 'connection',
    message: /no address that this CA connects to/,
  })
})

t.test('addresses are tried in turn, names that are none are dns problems', async (t) => {
  const port = await listen(
    t,
    createServer((_request, response) => response.end('right')),
  )
  await t.resolves(
    network(port, { resolve: async () => ['127.0.0.2', '127.0.0.1'] }).validate(check('shop.test')),
    'the second one',
  )
  await t.rejects(network(port, { resolve: async () => [] }).validate(check('shop.test')), {
    type: 'dns',
    message: /no address/,
  })
  const dns = await startFakeDns({
    'shop.test': { a: ['127.0.0.1'], aaaa: ['::1'] },
    'broken.shop.test': { a: 'REFUSED', aaaa: 'REFUSED' },
  })
  t.teardown(() => dns.close())
  const resolve = createResolver(dns.server)
  t.strictSame(await resolve('shop.test'), ['::1', '127.0.0.1'])
  t.strictSame(await resolve('none.test'), [])
  t.strictSame(await resolve('10.0.0.1'), ['10.0.0.1'])
  t.strictSame(await resolve('a.localhost'), ['127.0.0.1', '::1'], 'not asked of DNS')
  t.notOk(dns.asked.some((question) => question.includes('localhost')))
  await t.rejects(network(port, { resolve }).validate(check('broken.shop.test')), { type: 'dns', message: /EREFUSED/ })
})

t.test('a host that sends without end, or nothing, is left', async (t) => {
  const endless = await listen(
    t,
    createServer((_request, response) => {
      const timer = setInterval(() => response.write('x'.repeat(1_000)), 1)
      response.on('close', () => clearInterval(timer))
    }),
  )
  await t.rejects(network(endless).validate(check('shop.test')), problem('incorrectResponse'))
  const silent = await listen(
    t,
    createTcpServer(() => undefined),
  )
  const startedAt = performance.now()
  await t.rejects(network(silent).validate(check('shop.test')), {
    type: 'connection',
    message: /TimeoutError|ABORT_ERR/,
  })
  t.ok(performance.now() - startedAt < 8_000)
})

t.test('so many at once, and the rest in turn', async (t) => {
  let open = 0
  let most = 0
  const port = await listen(
    t,
    createServer((_request, response) => {
      most = Math.max(most, ++open)
      setTimeout(() => {
        open--
        response.end('right')
      }, 20)
    }),
  )
  const { validate } = network(port)
  await Promise.all(Array.from({ length: 100 }, () => validate(check('shop.test'))))
  t.ok(most > 8 && most <= 32, `${most} at once`)
})

t.test('an address is asked as such, with brackets for IPv6', async (t) => {
  const hosts: (string | undefined)[] = []
  const server = createServer((request, response) => {
    hosts.push(request.headers.host)
    response.end('right')
  })
  const port = await listen(t, server, '::1').catch(() => undefined)
  if (port === undefined) return t.comment('no IPv6 here')
  await network(port, { resolve: createResolver(undefined) }).validate(check('::1'))
  t.same(hosts, [`[::1]:${port}`])
})
