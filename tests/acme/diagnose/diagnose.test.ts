import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { diagnose } from '../../../src/acme/diagnose/diagnose.ts'
import type { DiagnosisOptions, InspectRequest } from '../../../src/acme/diagnose/diagnosis-types.ts'
import { createDnsLookup } from '../../../src/acme/diagnose/dns-lookup.ts'
import { type Finding, type FindingCode, findingKinds, type Severity } from '../../../src/acme/diagnose/finding.ts'
import { type ChallengeListener, openChallengeListener } from '../../helpers/challenge-listener.ts'
import { type DnsName, startFakeDns } from '../../helpers/fake-dns.ts'
import { closedPort, deafPort, httpServer, tcpServer, tlsServer } from '../../helpers/faulty-servers.ts'

/** Addresses of the web that nobody connects to: `dial` leads them to servers of the test, and knows no others. */
const here = '45.1.2.3'
const there = '45.9.9.9'
const here6 = '2a01:4f8::1'
const name = 'shop.example.com'
const right = (port: number) => ({ [`${here}:80`]: port })
const pointed: Record<string, DnsName> = { [name]: { a: [here] } }

interface World {
  /** What answers as acme-edge does: where the probe is published. */
  readonly edge: ChallengeListener
  readonly t: Test
}

interface Case {
  readonly title: string
  readonly expect: readonly FindingCode[]
  readonly dns?: Record<string, DnsName>
  /** `address:port` of the web to a port of loopback. Default: the edge answers at `here`. */
  readonly ports?: (world: World) => Promise<Record<string, number>>
  readonly options?: (world: World) => Partial<DiagnosisOptions> | Promise<Partial<DiagnosisOptions>>
  /** Default: the one of its kind. */
  readonly severity?: Severity
  /** What the first finding must say. */
  readonly says?: RegExp
  readonly fix?: RegExp
}

/** An answer at `here` that is not the edge's. */
const answering = (handler: RequestListener) => ({
  ports: async ({ t }: World) => right(await httpServer(t, handler)),
})

const redirecting = (status: number, location: string | ((url: string) => string)) =>
  answering(({ url = '/' }, response) => {
    const to = typeof location === 'string' ? location : location(url)
    response.writeHead(status, to === '' ? {} : { location: to }).end()
  })

const ca = async (t: Test, handler: RequestListener) => ({
  acme: { directory: `http://127.0.0.1:${await httpServer(t, handler)}/dir`, rootCa: undefined },
})

const caa = (...records: (readonly [number, string, string])[]) => ({ dns: { [name]: { a: [here], caa: records } } })

const cases: readonly Case[] = [
  { title: 'all is well', expect: [] },
  { title: 'all is well over IPv6 alone', expect: [], dns: { [name]: { aaaa: [here6] } }, ports: over6 },
  { title: 'the root is missing', expect: ['CA_ROOT_UNREADABLE'], options: () => rootCa('/nowhere/root.pem') },
  {
    title: "the CA's TLS is not trusted",
    expect: ['CA_UNTRUSTED'],
    fix: /root_ca/,
    options: async ({ t }) => {
      const port = await tlsServer(t, (_, response) => response.end())
      return { acme: { directory: `https://127.0.0.1:${port}/dir`, rootCa: undefined } }
    },
  },
  {
    title: 'the CA is down',
    expect: ['CA_UNREACHABLE'],
    options: async () => ({ acme: { directory: `http://127.0.0.1:${await closedPort()}/dir`, rootCa: undefined } }),
  },
  {
    title: 'the CA fails',
    expect: ['CA_UNREACHABLE'],
    options: ({ t }) => ca(t, (_, response) => response.writeHead(503).end()),
  },
  {
    title: 'the directory is a web page',
    expect: ['CA_NOT_ACME'],
    options: ({ t }) => ca(t, (_, response) => response.end('<html>')),
  },
  {
    title: 'the clock is two minutes ahead',
    expect: ['CLOCK_SKEW'],
    says: /1(19|20|21) seconds ahead/,
    options: () => ({ now: () => Date.now() + 120_000 }),
  },
  { title: 'a wildcard', expect: ['NAME_WILDCARD'], options: () => ({ names: ['*.example.com'] }) },
  { title: 'a URL for a name', expect: ['NAME_INVALID'], options: () => ({ names: ['http://a.example.com'] }) },
  {
    title: 'a name of a private network',
    expect: ['NAME_NOT_PUBLIC'],
    dns: { 'nas.fritzbox': { a: [here] } },
    options: () => ({ names: ['nas.fritzbox'] }),
  },
  {
    title: 'an address of the web for a name: no DNS, no CAA',
    expect: [],
    dns: {},
    options: () => ({ names: [here] }),
  },
  {
    title: 'an IPv6 address for a name, where another machine answers',
    expect: ['ANSWER_OTHER_MACHINE'],
    dns: {},
    ports: async ({ t }) => ({ [`${here6}:80`]: await httpServer(t, notFound) }),
    options: () => ({ names: [`[${here6}]`] }),
  },
  {
    title: 'a private address for a name',
    expect: ['ADDRESS_NOT_PUBLIC'],
    dns: {},
    options: () => ({ names: ['192.168.7.7'] }),
  },
  { title: 'no such name', expect: ['NAME_UNKNOWN'], dns: {}, fix: /register the name/ },
  { title: 'a name without addresses', expect: ['NO_ADDRESS'], dns: { [name]: {} } },
  { title: 'SERVFAIL', expect: ['DNS_FAILED'], says: /SERVFAIL/, dns: { [name]: { a: 'SERVFAIL', aaaa: 'SERVFAIL' } } },
  { title: 'REFUSED', expect: ['DNS_FAILED'], says: /REFUSED/, dns: { [name]: { a: 'REFUSED', aaaa: 'REFUSED' } } },
  {
    title: 'name servers that say nothing',
    expect: ['DNS_FAILED'],
    says: /no answer in time/,
    dns: { [name]: { a: 'silent', aaaa: 'silent' } },
  },
  { title: 'AAAA fails, A works', expect: ['DNS_PARTLY_FAILED'], dns: { [name]: { a: [here], aaaa: 'SERVFAIL' } } },
  {
    title: 'a private address',
    expect: ['ADDRESS_NOT_PUBLIC'],
    says: /192\.168\.1\.5 is private/,
    dns: { [name]: { a: ['192.168.1.5'] } },
  },
  {
    title: 'a loopback address',
    expect: ['ADDRESS_NOT_PUBLIC'],
    says: /is loopback/,
    dns: { [name]: { a: ['127.0.0.1'], aaaa: ['::1'] } },
  },
  {
    title: 'a private address beside a public one',
    expect: ['ADDRESS_PARTLY_PUBLIC'],
    dns: { [name]: { a: [here, '10.0.0.1'], aaaa: ['fd00::1'] } },
  },
  {
    title: 'nothing listens on port 80',
    expect: ['PORT_REFUSED'],
    ports: async () => right(await closedPort()),
    fix: /forward port 80 to it \(0\.0\.0\.0:8080\)/,
    options: () => ({ listening: { http: [{ host: '0.0.0.0', port: 8080 }] } }),
  },
  { title: 'a firewall drops port 80', expect: ['PORT_TIMEOUT'], ports: async ({ t }) => right(await deafPort(t)) },
  {
    title: 'no way leads there',
    expect: ['PORT_UNREACHABLE'],
    options: () => ({ dial: (_, port) => ({ host: '224.0.0.1', port }) }), // TCP has no multicast: the system refuses
  },
  {
    title: 'port 80 speaks TLS',
    expect: ['PORT_SPEAKS_TLS'],
    ports: async ({ t }) => right(await tlsServer(t, empty)),
  },
  {
    title: 'port 80 speaks TLS, and says so in HTTP',
    expect: ['PORT_SPEAKS_TLS'],
    ...answering((_, response) =>
      response.writeHead(400).end('<h1>400</h1>The plain HTTP request was sent to HTTPS port'),
    ),
  },
  {
    title: 'port 80 is an SSH server',
    expect: ['PORT_NOT_HTTP'],
    ports: async ({ t }) => right(await tcpServer(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))),
  },
  {
    title: 'port 80 closes at once',
    expect: ['PORT_CLOSES'],
    ports: async ({ t }) => right(await tcpServer(t, (socket) => socket.end())),
  },
  {
    title: 'port 80 resets',
    expect: ['PORT_CLOSES'],
    ports: async ({ t }) => right(await tcpServer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()))),
  },
  {
    title: 'port 80 takes the request and says nothing',
    expect: ['ANSWER_TIMEOUT'],
    ports: async ({ t }) => right(await tcpServer(t, (socket) => socket.resume())),
  },
  {
    title: 'another machine answers',
    expect: ['ANSWER_OTHER_MACHINE'],
    says: /404 \(it calls itself "nginx"\)/,
    ...answering((_, response) => response.writeHead(404, { server: 'nginx' }).end('not here')),
  },
  {
    title: 'a parking page answers 200 to everything',
    expect: ['ANSWER_OTHER_MACHINE'],
    ...answering((_, response) => response.end('<html>This domain is for sale</html>'.repeat(20))),
  },
  {
    title: 'another server of this machine answers',
    expect: ['ANSWER_OTHER_SERVER'],
    options: () => ({ own: new Set([here]) }),
    ...answering((_, response) => response.writeHead(404).end()),
  },
  {
    title: 'one of two addresses is another machine',
    expect: ['ANSWER_OTHER_MACHINE'],
    says: /45\.9\.9\.9/,
    dns: { [name]: { a: [here, there] } },
    ports: async ({ edge, t }) => ({ ...right(edge.port), [`${there}:80`]: await httpServer(t, notFound) }),
  },
  {
    title: 'a login stands before it',
    expect: ['ANSWER_FORBIDDEN'],
    ...answering((_, response) => response.writeHead(401, { 'www-authenticate': 'Basic' }).end()),
  },
  {
    title: 'a firewall answers 403',
    expect: ['ANSWER_FORBIDDEN'],
    ...answering((_, response) => response.writeHead(403).end('denied')),
  },
  {
    title: 'a proxy whose server is down',
    expect: ['ANSWER_SERVER_ERROR'],
    ...answering((_, response) => response.writeHead(502).end()),
  },
  {
    title: 'a proxy adds a banner',
    expect: ['ANSWER_CHANGED'],
    ports: async ({ edge, t }) => right(await relay(t, edge, (body) => `\ufeff${body}`)),
  },
  {
    title: 'a proxy answers 201',
    expect: ['ANSWER_CHANGED'],
    ports: async ({ edge, t }) => right(await relay(t, edge, (body) => body, 201)),
  },
  {
    title: 'a proxy adds a page',
    expect: ['ANSWER_TOO_LONG'],
    ports: async ({ edge, t }) => right(await relay(t, edge, (body) => `${body}${' '.repeat(60)}`)),
  },
  {
    title: 'a newline at the end is no fault',
    expect: [],
    ports: async ({ edge, t }) => right(await relay(t, edge, (body) => `${body}\r\n`)),
  },
  {
    title: 'two machines take turns behind one address',
    expect: ['ANSWER_VARIES'],
    ports: async ({ edge, t }) => {
      let turn = 0
      return right(await relay(t, edge, (body) => (turn++ % 2 === 0 ? body : 'elsewhere')))
    },
  },
  { title: 'a redirect with 303', expect: ['REDIRECT_STATUS'], ...redirecting(303, `http://${name}/x`) },
  { title: 'a choice of redirects, 300', expect: ['REDIRECT_STATUS'], ...redirecting(300, `http://${name}/x`) },
  { title: 'a redirect to nowhere', expect: ['REDIRECT_NO_TARGET'], ...redirecting(301, '') },
  { title: 'a redirect without a host', expect: ['REDIRECT_NO_TARGET'], ...redirecting(301, 'https:///x') },
  { title: 'a redirect to ftp', expect: ['REDIRECT_SCHEME'], ...redirecting(302, `ftp://${name}/x`) },
  { title: 'a redirect to port 8443', expect: ['REDIRECT_PORT'], ...redirecting(307, `https://${name}:8443/x`) },
  {
    title: 'a redirect to an address, which Boulder follows',
    expect: ['REDIRECT_ADDRESS'],
    severity: 'warning',
    says: /by way of a redirect/,
    fix: /Let's Encrypt follows to 45\.9\.9\.9, other CAs may not/,
    ports: async ({ edge, t }) => ({
      ...right(
        await httpServer(t, ({ url = '' }, response) =>
          response.writeHead(308, { location: `http://${there}${url}` }).end(),
        ),
      ),
      // What is asked for there is a token of the address, which the edge does not have.
      [`${there}:80`]: await httpServer(t, async ({ url = '' }, response) => response.end(await edge.ask(name, url))),
    }),
  },
  {
    title: 'a redirect to an IPv6 address where the token is not',
    expect: ['ANSWER_OTHER_MACHINE'],
    says: /^http:\/\/\[2a01:4f8::1\].*404/,
    ports: async ({ t }) => ({
      ...right(
        await httpServer(t, ({ url = '' }, response) =>
          response.writeHead(308, { location: `http://[${here6}]${url}` }).end(),
        ),
      ),
      [`${here6}:80`]: await httpServer(t, notFound),
    }),
  },
  {
    title: 'a redirect to an address where nothing listens',
    expect: ['REDIRECT_UNREACHABLE'],
    ports: async ({ t }) => ({
      ...right(await httpServer(t, (_, response) => response.writeHead(308, { location: `https://${here}/x` }).end())),
      [`${here}:443`]: await closedPort(),
    }),
  },
  {
    title: 'a redirect to an address that no CA connects to',
    expect: ['REDIRECT_ADDRESS'],
    says: /192\.168\.1\.5 is private/,
    ...redirecting(308, 'http://192.168.1.5/x'),
  },
  {
    title: 'a redirect to an address in disguise',
    expect: ['REDIRECT_ADDRESS'],
    says: /do not read as one/,
    ...redirecting(308, 'http://0x2d.1.2.3/'),
  },
  {
    title: 'a redirect whose target lacks its slash',
    expect: ['REDIRECT_SLASH'],
    ...redirecting(301, (url) => `https://${name}${url.slice(1)}`.replace(/\.com/, '')),
  },
  { title: 'a redirect to a long path', expect: ['REDIRECT_TOO_LONG'], ...redirecting(301, `/${'x'.repeat(2_001)}`) },
  { title: 'a redirect to itself', expect: ['REDIRECT_LOOP'], ...redirecting(301, (url) => url) },
  { title: 'twelve redirects', expect: ['REDIRECT_TOO_MANY'], says: /^more than 10/, ports: manyRedirects(12) },
  {
    title: 'eleven redirects, which Boulder follows, whatever it says',
    expect: ['REDIRECT_TOO_MANY'],
    severity: 'warning',
    says: /by way of 11 redirects/,
    fix: /Let's Encrypt follows 11, others 10 or less/,
    ports: manyRedirects(11),
  },
  { title: 'ten redirects', expect: ['REDIRECTED'], says: /by way of 10 redirects/, ports: manyRedirects(10) },
  { title: 'redirects without end', expect: ['REDIRECT_TOO_MANY'], ...redirecting(302, (url) => `${url}x`) },
  {
    title: 'a redirect to a name that is not there',
    expect: ['REDIRECT_UNRESOLVED'],
    ...redirecting(301, 'http://www.example.com/'),
  },
  {
    title: 'a redirect to a name with a private address',
    expect: ['REDIRECT_UNRESOLVED'],
    dns: { ...pointed, 'intern.example.com': { a: ['10.1.1.1'] } },
    ...redirecting(301, 'http://intern.example.com/'),
  },
  {
    title: 'a redirect to https where nothing listens',
    expect: ['REDIRECT_UNREACHABLE'],
    ports: async ({ t }) => ({
      ...right(await httpServer(t, toHttps)),
      [`${here}:443`]: await closedPort(),
    }),
  },
  {
    title: 'a redirect to https that only speaks TLS 1.1',
    expect: ['REDIRECT_TLS'],
    ports: async ({ t }) => ({
      ...right(await httpServer(t, toHttps)),
      [`${here}:443`]: await tlsServer(t, empty, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }),
    }),
  },
  {
    title: 'a redirect to https where the token is not',
    expect: ['ANSWER_OTHER_MACHINE'],
    says: /^https:.*404/,
    fix: /do not redirect the challenge/,
    ports: async ({ t }) => ({
      ...right(await httpServer(t, toHttps)),
      [`${here}:443`]: await tlsServer(t, notFound),
    }),
  },
  {
    title: 'a redirect to https, whose certificate nobody trusts, where the token is',
    expect: ['REDIRECTED'],
    ports: async ({ edge, t }) => ({
      ...right(await httpServer(t, toHttps)),
      [`${here}:443`]: await tlsServer(t, proxy(edge)),
    }),
  },
  {
    title: 'the AAAA record is stale',
    expect: ['IPV6_STALE'],
    dns: { [name]: { a: [here], aaaa: [here6] } },
    ports: async ({ edge }) => ({ ...right(edge.port), [`${here6}:80`]: await closedPort() }),
    options: () => ({ own: new Set(['2a01:4f8::77']) }),
  },
  {
    title: 'the AAAA record leads to another machine',
    expect: ['IPV6_OTHER'],
    dns: { [name]: { a: [here], aaaa: [here6] } },
    ports: async ({ edge, t }) => ({ ...right(edge.port), [`${here6}:80`]: await httpServer(t, notFound) }),
  },
  {
    title: 'the A record is wrong, where CAs only look without IPv6',
    expect: ['ANSWER_OTHER_MACHINE'],
    severity: 'warning',
    dns: { [name]: { a: [there], aaaa: [here6] } },
    ports: async ({ edge, t }) => ({ [`${here6}:80`]: edge.port, [`${there}:80`]: await httpServer(t, notFound) }),
  },
  {
    title: 'a AAAA record that a machine without IPv6 cannot try',
    expect: ['IPV6_UNTRIED'],
    dns: { [name]: { a: [here], aaaa: [here6] } },
    options: ({ edge }) => ({
      own: new Set(['10.0.0.2']),
      dial: (address, port) =>
        address === here6 ? { host: '224.0.0.1', port } : { host: '127.0.0.1', port: edge.port },
    }),
  },
  {
    title: 'the edge takes no challenge',
    expect: ['PUBLISH_FAILED'],
    says: /the running edge went away/,
    options: ({ edge }) => ({
      publisher: { ...edge, publish: () => Promise.reject(new Error('the running edge went away')) },
    }),
  },
  {
    title: 'CAA names another CA',
    expect: ['CAA_OTHER_CA'],
    fix: /shop\.example\.com CAA 0 issue "ca\.test"/,
    ...caa([0, 'issue', 'other.test']),
  },
  { title: 'CAA forbids all', expect: ['CAA_OTHER_CA'], ...caa([0, 'issue', ';']) },
  { title: 'CAA is malformed', expect: ['CAA_OTHER_CA'], ...caa([0, 'issue', 'ca.test; no parameter']) },
  {
    title: 'CAA of a name above forbids',
    expect: ['CAA_OTHER_CA'],
    says: /^example\.com has/,
    dns: { ...pointed, 'example.com': { caa: [[0, 'issue', 'other.test']] } },
  },
  {
    title: 'CAA of the name itself outdoes the one above',
    expect: [],
    dns: {
      [name]: { a: [here], caa: [[0, 'issue', 'CA.test']] },
      'example.com': { caa: [[0, 'issue', ';']] },
    },
  },
  {
    title: 'CAA allows DNS-01 alone',
    expect: ['CAA_METHOD'],
    ...caa([0, 'issue', 'ca.test; validationmethods=dns-01']),
  },
  {
    title: 'CAA allows HTTP-01 and this account',
    expect: [],
    options: () => ({ accountUrl: 'https://ca.test/a/1' }),
    ...caa([0, 'issue', 'ca.test;validationmethods=dns-01,http-01;accounturi=https://ca.test/a/1']),
  },
  {
    title: 'CAA allows another account',
    expect: ['CAA_ACCOUNT'],
    ...caa([0, 'issue', 'ca.test; accounturi=https://ca.test/a/2']),
  },
  {
    title: 'CAA has a critical property',
    expect: ['CAA_CRITICAL'],
    ...caa([128, 'tbs', 'x'], [0, 'issue', 'ca.test']),
  },
  { title: 'CAA says where to complain, and nothing else', expect: [], ...caa([0, 'iodef', 'mailto:a@example.com']) },
  { title: 'CAA forbids wildcards alone', expect: [], ...caa([0, 'issuewild', ';']) },
  { title: 'CAA look-ups fail', expect: ['CAA_FAILED'], dns: { [name]: { a: [here], caa: 'SERVFAIL' } } },
  {
    title: 'CAA look-ups fail above',
    expect: ['CAA_FAILED'],
    says: /of example\.com fails/,
    dns: { ...pointed, 'example.com': { caa: 'silent' } },
  },
  {
    title: 'CAA, and a CA that does not say what it goes by',
    expect: ['CAA_UNJUDGED'],
    options: ({ t }) => ca(t, (_, response) => json(response, { newOrder: 'http://127.0.0.1/' })),
    ...caa([0, 'issue', 'ca.test']),
  },
  {
    title: 'the edge listens on loopback',
    expect: ['LISTEN_LOOPBACK'],
    options: () => ({ listening: { http: [{ host: '127.0.0.1', port: 80 }] } }),
  },
  {
    title: 'a rule would block what CAs send',
    expect: ['RULE_BLOCKS'],
    says: /rule 949110 would .*because of rule 920300 \(REQUEST_HEADERS\)/,
    fix: /t:none,ctl:ruleRemoveTargetById=920300;REQUEST_HEADERS"$/,
    options: () => ({ inspect: blockingUnless('ruleRemoveTargetById=920300;REQUEST_HEADERS') }),
  },
  {
    title: 'a rule would block, and only without the whole of it the request passes',
    expect: ['RULE_BLOCKS'],
    fix: /t:none,ctl:ruleRemoveById=920300"$/,
    options: () => ({ inspect: blockingUnless('ruleRemoveById=920300') }),
  },
  {
    title: 'a rule would block whatever is excluded',
    expect: ['RULE_BLOCKS'],
    fix: /^exempt the path/,
    options: () => ({ inspect: blockingUnless('nothing') }),
  },
  {
    title: 'a rule observes what CAs send',
    expect: ['RULE_OBSERVED'],
    options: () => ({
      inspect: async () => ({ blocked: undefined, matches: [{ ruleId: 900001, variable: undefined }] }),
    }),
  },
]

/** Rules that block what a Go client sends, by the sum of scores, unless this is excluded. */
function blockingUnless(excluded: string): InspectRequest {
  return async ({ sender }, exclusion) => {
    if (sender !== 'a Go client' || exclusion?.includes(excluded)) return { blocked: undefined, matches: [] }
    const matches = [
      { ruleId: 920300, variable: 'REQUEST_HEADERS' },
      { ruleId: 949110, variable: 'TX:blocking_inbound_anomaly_score' },
      { ruleId: 980170, variable: undefined },
    ]
    return { blocked: { ruleId: 949110, as: 'answer 403 to' }, matches }
  }
}

function empty(...[, response]: Parameters<RequestListener>): void {
  response.end()
}

function notFound(...[, response]: Parameters<RequestListener>): void {
  response.writeHead(404).end('not here')
}

function toHttps(...[{ url }, response]: Parameters<RequestListener>): void {
  response.writeHead(301, { location: `https://${name}${url}` }).end()
}

function json(response: Parameters<RequestListener>[1], value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** So many, and then the token. */
function manyRedirects(count: number) {
  return async ({ edge, t }: World): Promise<Record<string, number>> => {
    const handler: RequestListener = ({ url = '', headers }, response) => {
      const [path = '', done = '0'] = url.split('?n=')
      if (Number(done) === count) return void edge.ask(headers.host ?? '', path).then((answer) => response.end(answer))
      response.writeHead(302, { location: `http://${name}${path}?n=${Number(done) + 1}` }).end()
    }
    return right(await httpServer(t, handler))
  }
}

async function over6({ edge }: World): Promise<Record<string, number>> {
  return { [`${here6}:80`]: edge.port }
}

const rootCa = (path: string) => ({ acme: { directory: 'https://127.0.0.1:9/dir', rootCa: path } })

function proxy(edge: ChallengeListener, change = (body: string) => body, status = 200): RequestListener {
  return async ({ url, headers: { host = '' } }, response) => {
    const answer = await edge.ask(host, url ?? '')
    response.writeHead(answer === undefined ? 404 : status).end(answer === undefined ? '' : change(answer))
  }
}

const relay = (t: Test, edge: ChallengeListener, change: (body: string) => string, status?: number): Promise<number> =>
  httpServer(t, proxy(edge, change, status))

async function run(t: Test, { dns = pointed, ports, options }: Case): Promise<readonly Finding[]> {
  const edge = await openChallengeListener()
  t.teardown(() => edge.close())
  const server = await startFakeDns(dns)
  t.teardown(() => server.close())
  const world = { edge, t }
  const map: Record<string, number> = (await ports?.(world)) ?? right(edge.port)
  const directory = { newOrder: 'http://127.0.0.1/order', meta: { caaIdentities: ['ca.test'] } }
  const found = await diagnose({
    ...(await ca(t, (_, response) => json(response, directory))),
    names: [name],
    publisher: edge,
    dns: createDnsLookup({ servers: [server.server], timeoutMs: 300, tries: 1 }),
    listening: { http: [{ host: '0.0.0.0', port: 80 }] },
    accountUrl: undefined,
    publicCa: true,
    own: new Set(['10.0.0.2']),
    timeoutMs: 600,
    signal: AbortSignal.timeout(20_000),
    dial(address, port) {
      const to = map[`${address}:${port}`]
      if (to === undefined) throw new Error(`the test knows no ${address}:${port}`)
      return { host: '127.0.0.1', port: to }
    },
    ...(await options?.(world)),
  })
  t.equal(edge.active(), 0, 'no token is left behind')
  return found
}

t.test('each fault is found, and nothing else', async (t) => {
  for (const one of cases) {
    await t.test(one.title, async (t) => {
      const found = await run(t, one)
      t.strictSame(
        found.map(({ code }) => code),
        one.expect,
        JSON.stringify(found),
      )
      if (one.says !== undefined) t.match(found[0]?.text, one.says)
      if (one.fix !== undefined) t.match(found[0]?.fix, one.fix)
      for (const { text, fix, severity, code } of found) {
        t.ok(text.length > 10 && fix.length > 10, 'says what it is and what to do')
        t.equal(severity, one.severity ?? findingKinds[code].severity)
      }
    })
  }
  const faults = new Set(cases.flatMap(({ expect }) => expect))
  t.strictSame([...faults].toSorted(), Object.keys(findingKinds).toSorted(), 'every kind of finding was made for real')
  t.ok(faults.size >= 25, `${faults.size} kinds of findings in ${cases.length} cases`)
})

t.test('behind a router that translates, what may be its own doing is said to be so', async (t) => {
  const hint = /hairpin NAT.*order without --diagnose/
  const refused = { ports: async () => right(await closedPort()) }
  const faults: readonly (readonly [title: string, Partial<Case>, own: string, isHinted: boolean])[] = [
    ['closed', refused, '192.168.1.10', true],
    ['the page of the router', answering(notFound), '192.168.1.10', true],
    ['its login', answering((_, response) => response.writeHead(401).end()), '192.168.1.10', true],
    ['a provider’s shared address', refused, '100.64.3.4', true],
    ['the machine has the address itself', refused, here, false],
    ['it has another public one', refused, there, false],
    ['a public IPv6 address does not help over IPv4', refused, here6, true],
    [
      'the edge itself has answered',
      { ports: async ({ edge, t }) => right(await httpServer(t, proxy(edge, undefined, 201))) },
      '192.168.1.10',
      false,
    ],
  ]
  for (const [title, one, own, isHinted] of faults) {
    const [found] = await run(t, { title, expect: [], ...one, options: () => ({ own: new Set([own]) }) })
    t.equal(found?.severity, 'error', title)
    t.equal(hint.test(String(found?.fix)), isHinted, `${title}: ${found?.fix}`)
  }
  t.equal(faults.length, 8)
})

t.test('what a server sends cannot steer a terminal', async (t) => {
  const hostile = answering((_, response) => {
    response.socket?.end('HTTP/1.1 404 x\r\nserver: \u001b[31m\u009b\u0007\r\ncontent-length: 0\r\n\r\n')
  })
  const found = await run(t, { title: '', expect: [], ...hostile })
  t.equal(found.length, 1)
  t.notMatch(JSON.stringify(found), /\\u00[01][0-9a-f]|[\u0080-\u009f]/)
})

t.test('an interruption ends it, and the token is withdrawn', async (t) => {
  const stop = new AbortController()
  const silent = {
    ports: async ({ t }: World) =>
      right(
        await tcpServer(t, (socket) => {
          socket.resume()
          setTimeout(() => stop.abort(), 50)
        }),
      ),
  }
  await t.rejects(
    run(t, { title: '', expect: [], ...silent, options: () => ({ signal: stop.signal, timeoutMs: 10_000 }) }),
    { name: 'AbortError' },
  )
})

t.test('a hundred names are looked at, a few at a time, each with a token of its own', async (t) => {
  const names = Array.from({ length: 100 }, (_, i) => `n${i}.example.com`)
  let most = 0
  const published = new Set<string>()
  const found = await run(t, {
    title: '',
    expect: [],
    dns: Object.fromEntries(names.map((one) => [one, { a: [here] }])),
    options: ({ edge }) => ({
      names,
      publisher: {
        ...edge,
        async publish(one, signal) {
          published.add(`${one.host} ${one.token}`)
          await edge.publish(one, signal)
          most = Math.max(most, edge.active())
        },
      },
    }),
  })
  t.strictSame(found, [])
  t.equal(published.size, 100)
  t.ok(most <= 8, `${most} tokens were active at a time`)
})
