import t, { type Test } from 'tap'
import { inspectionsOf, startBench } from '../helpers/edge-cases.ts'
import { eventually } from '../helpers/edge-process.ts'
import { connectHttp2, type Field } from '../helpers/http2-frames.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { headerValues } from '../helpers/raw-response.ts'

const bench = await startBench(t, {
  certificateFor: ['shop.example', 'other.example'],
  hosts: ['shop.example', 'other.example', '192.0.2.7', '[2001:db8::1]'],
})
const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA'
const otherToken = 'DGyRejmCefe7v4NfDGDKfAxyPP8-xkgQxg4RxtxCmV0'
const prefix = '/.well-known/acme-challenge/'
const path = prefix + token
const keyAuthorization = await bench.edge.publish('shop.example', token)
await bench.edge.publish('other.example', otherToken)

/** A request in the words that all three transports share. */
interface Probe {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly version?: 'HTTP/1.0' | 'HTTP/1.1'
  readonly headers: readonly string[]
  readonly body: string
}

const plain: Probe = { method: 'GET', target: path, host: 'shop.example', headers: [], body: '' }

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

type Transport = (probe: Probe) => Promise<Answer>

const overHttp1 =
  (target: { port: number; serverName?: string }): Transport =>
  async (probe) => {
    const line = `${probe.method} ${probe.target} ${probe.version ?? 'HTTP/1.1'}`
    const bytes = requestBytes(line, [`Host: ${probe.host}`, ...probe.headers], probe.body)
    const { response } = await sendRaw(target, bytes, { head: probe.method === 'HEAD' })
    return { status: response?.status, body: response?.body.toString('latin1') ?? '' }
  }

const overHttp2: Transport = async (probe) => {
  const connection = await connectHttp2(bench.https)
  const fields: Field[] = [
    [':method', probe.method],
    [':scheme', 'https'],
    [':authority', probe.host],
    [':path', probe.target],
  ]
  for (const line of probe.headers) {
    const colon = line.indexOf(': ')
    const name = line.slice(0, colon).toLowerCase()
    if (name !== 'transfer-encoding') fields.push([name, line.slice(colon + 2)])
  }
  try {
    const { status, body } = await connection.outcome(
      connection.request(fields, probe.body === '' ? {} : { body: probe.body }),
    )
    return { status, body: body.toString('latin1') }
  } finally {
    connection.destroy()
  }
}

const transports: Record<string, Transport> = {
  'HTTP/1.1': overHttp1(bench.http),
  'HTTP/1.1 over TLS': overHttp1(bench.https),
  'HTTP/2': overHttp2,
}

/** What looks like a hit and is none: a request like any other. */
const lookAlikes: Record<string, Partial<Probe>> = {
  'active for another host': { target: prefix + otherToken },
  'the right token on the wrong host': { host: 'other.example' },
  'unknown token': { target: `${prefix}${'A'.repeat(43)}` },
  'a suffix /ae': { target: `${path}/ae` },
  'a suffix /..;/actuator/env': { target: `${path}/..;/actuator/env` },
  'a suffix /../../admin': { target: `${path}/../../admin` },
  'encoded dots before': { target: `/.well-known/x/%2e%2e/acme-challenge/${token}` },
  'encoded dots after': { target: `${path}/%2e%2e/x` },
  'double slash at the start': { target: `/${path}` },
  'double slash inside': { target: `/.well-known//acme-challenge/${token}` },
  'double slash before the token': { target: `${prefix}/${token}` },
  'dot segment': { target: `/.well-known/./acme-challenge/${token}` },
  'dot-dot segment': { target: `/x/..${path}` },
  'case of the prefix': { target: path.replace('acme', 'ACME') },
  'case of well-known': { target: path.replace('well', 'Well') },
  'case of the token': { target: prefix + token.toUpperCase() },
  'encoded dash': { target: path.replace('acme-challenge', 'acme%2dchallenge') },
  'encoded dot': { target: path.replace('/.well', '/%2ewell') },
  'encoded letter of the token': { target: `${prefix}%65${token.slice(1)}` },
  'encoded slash before the token': { target: `/.well-known/acme-challenge%2f${token}` },
  'path parameter': { target: `${path};x=1` },
  'empty path parameter': { target: `${path};` },
  'path parameter of the prefix': { target: `/.well-known;x/acme-challenge/${token}` },
  'encoded slash after dots': { target: `${path}/..%2f` },
  'encoded backslash after dots': { target: `${path}/..%5c` },
  'double encoding': { target: `${path}/%252e%252e` },
  'overlong encoding': { target: `${path}/%c0%ae` },
  'encoded NUL': { target: `${path}%00` },
  'encoded NUL and suffix': { target: `${path}%00.html` },
  'encoded line end': { target: `${path}%0d%0a` },
  'encoded space': { target: `${path}%20` },
  'encoded question mark': { target: `${path}%3f` },
  'trailing slash': { target: `${path}/` },
  'trailing dot': { target: `${path}.` },
  query: { target: `${path}?x=1` },
  'empty query': { target: `${path}?` },
  'prefix alone': { target: prefix },
  'prefix without slash': { target: prefix.slice(0, -1) },
  'token cut by one': { target: path.slice(0, -1) },
  'token longer by one': { target: `${path}A` },
  'token with padding': { target: `${path}=` },
  '__proto__ as token': { target: `${prefix}__proto__` },
  'constructor as host': { host: 'shop.example', target: `${prefix}constructor` },
  'token of 21 characters': { target: `${prefix}${'a'.repeat(21)}` },
  'token of 129 characters': { target: `${prefix}${'a'.repeat(129)}` },
  POST: { method: 'POST' },
  PUT: { method: 'PUT' },
  DELETE: { method: 'DELETE' },
  OPTIONS: { method: 'OPTIONS' },
  PROPFIND: { method: 'PROPFIND' },
  'a body': { headers: ['Content-Type: text/plain', 'Content-Length: 2'], body: 'hi' },
  'a POST with a body': { method: 'POST', headers: ['Content-Length: 2'], body: 'hi' },
  'a HEAD with a body': { method: 'HEAD', headers: ['Content-Length: 2'], body: 'hi' },
}

/** Only HTTP/1 can say these. */
const http1Only: Record<string, Partial<Probe>> = {
  'absolute form': { target: `http://shop.example${path}` },
  'absolute form of another host': { target: `http://other.example${path}` },
  'absolute form, other scheme': { target: `https://shop.example${path}` },
  'two hosts': { headers: ['Host: other.example'] },
  'twice the same host': { headers: ['Host: shop.example'] },
  'a host list': { host: 'shop.example, other.example' },
  'user info in the host': { host: 'x@shop.example' },
  'a fragment': { target: `${path}#x` },
  'a raw backslash': { target: `${prefix}..\\${token}` },
  'an empty chunked body': { headers: ['Transfer-Encoding: chunked'], body: '0\r\n\r\n' },
  'a chunked body': { headers: ['Transfer-Encoding: chunked'], body: '2\r\nhi\r\n0\r\n\r\n' },
  'length that is no number': { headers: ['Content-Length: 0x0'] },
  'two lengths': { headers: ['Content-Length: 0', 'Content-Length: 0'] },
  'an upgrade with a body': { headers: ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 2'], body: 'hi' },
}

for (const [transport, send] of Object.entries(transports)) {
  t.test(`a challenge of an active order is answered (${transport})`, async (t) => {
    const hits: Partial<Probe>[] = [
      {},
      { host: 'SHOP.example' },
      { host: 'shop.example.' },
      { host: 'shop.example:80' },
      { headers: ['Content-Length: 0'] },
      { headers: ['Accept: */*', 'User-Agent: validator'] },
    ]
    const all = transport === 'HTTP/2' ? hits : [...hits, { version: 'HTTP/1.0' as const }]
    for (const change of all) {
      bench.origin.forget()
      const answer = await send({ ...plain, ...change })
      t.same(answer, { status: 200, body: keyAuthorization }, JSON.stringify(change))
      t.equal(bench.origin.bytesReceived(), 0, 'the origin sees nothing')
    }
    t.same(await send({ ...plain, method: 'HEAD' }), { status: 200, body: '' }, 'HEAD')
    t.equal(bench.origin.bytesReceived(), 0)
  })

  t.test(`look-alikes are inspected and never answered (${transport})`, async (t) => {
    const cases = transport === 'HTTP/2' ? lookAlikes : { ...lookAlikes, ...http1Only }
    t.equal(await assertNotAnswered(t, transport, send, cases), transport === 'HTTP/2' ? 53 : 67)
  })

  t.test(`an expired or withdrawn order is over (${transport})`, async (t) => {
    const [short, gone] = [`short-${'a'.repeat(40)}`, `gone-${'b'.repeat(40)}`]
    await bench.edge.publish('shop.example', short, { expiresInMs: 400 })
    const goneKey = await bench.edge.publish('shop.example', gone)
    t.equal((await send({ ...plain, target: prefix + gone })).body, goneKey)
    await bench.edge.withdraw('shop.example', gone)
    await new Promise((resolve) => setTimeout(resolve, 450))
    const cases = { expired: { target: prefix + short }, withdrawn: { target: prefix + gone } }
    t.equal(await assertNotAnswered(t, `${transport}, over`, send, cases), 2)
  })
}

async function assertNotAnswered(
  t: Test,
  label: string,
  send: Transport,
  cases: Record<string, Partial<Probe>>,
): Promise<number> {
  let ran = 0
  for (const [name, change] of Object.entries(cases)) {
    const probe = { ...plain, ...change }
    const id = `${label} ${ran}`.replaceAll(/[^a-z0-9]/gi, '-')
    bench.origin.forget()
    const clean = await send({ ...probe, headers: [...probe.headers, `X-Probe: ${id}`] })
    t.notMatch(clean.body, /thumbprint/, `${name}: not answered`)
    const reached = bench.origin.requests.length
    if (reached > 0) {
      t.equal(clean.status, 200, `${name}: the origin's answer`)
      t.equal(inspectionsOf(bench.edge, id).length, 1, `${name}: reached the origin after one inspection`)
      t.equal(reached, 1, `${name}: once`)
    } else
      t.ok(
        clean.status === undefined || (clean.status >= 400 && clean.status < 500),
        `${name}: or refused (${clean.status})`,
      )
    bench.origin.forget()
    const attack = await send({ ...probe, headers: [...probe.headers, 'X-Evil: attack-marker'] })
    if (reached > 0) t.equal(attack.status, 403, `${name}: an attack in it is blocked`)
    t.equal(bench.origin.bytesReceived(), 0, `${name}: the attack never reaches the origin`)
    t.notMatch(attack.body, /thumbprint/, `${name}: nor is it answered`)
    ran++
  }
  return ran
}

t.test('look-alikes reach the origin byte for byte where they are legal', async (t) => {
  const targets = [
    `${path}/ae`,
    `${path}/..;/actuator/env`,
    `/${path}`,
    `${path};x=1`,
    `${path}/..%2f`,
    `${path}/..%5c`,
    `${path}/%252e`,
    `${path}/`,
    `${path}?x=1`,
    prefix + otherToken,
  ]
  for (const target of targets) {
    bench.origin.forget()
    t.equal(
      (await sendRaw(bench.http, requestBytes(`GET ${target} HTTP/1.1`, ['Host: shop.example']))).response?.status,
      200,
      target,
    )
    t.equal(bench.origin.requests[0]?.target, target)
  }
})

t.test('the answer takes nothing from the request and must not be cached', async (t) => {
  const bytes = requestBytes(`GET ${path} HTTP/1.1`, [
    'Host: shop.example',
    'Origin: http://evil',
    'Range: bytes=0-3',
    'Accept: text/html',
    'If-None-Match: *',
    'X-Evil: reflected',
    'Accept-Encoding: gzip',
  ])
  const { response } = await sendRaw(bench.http, bytes)
  t.equal(response?.status, 200)
  t.equal(response?.body.toString(), keyAuthorization)
  t.match(headerValues(response, 'content-type').join(), /^(application\/octet-stream|text\/plain)/)
  t.same(headerValues(response, 'cache-control'), ['no-store'])
  t.same(headerValues(response, 'content-length'), [String(keyAuthorization.length)])
  t.notMatch(response?.headText ?? '', /evil|reflected|gzip/i)
  const head = (await sendRaw(bench.http, bytes.replace('GET', 'HEAD'), { head: true })).response
  const names = (one: typeof response) =>
    one?.headers.filter(([name]) => name.toLowerCase() !== 'date').map(([name, value]) => `${name}: ${value}`)
  t.same(names(head), names(response), 'HEAD has the same headers')
})

t.test('an answered challenge is observed by the WAF, never blocked', async (t) => {
  const bytes = requestBytes(`GET ${path} HTTP/1.1`, [
    'Host: shop.example',
    'X-Probe: observed',
    'X-Evil: attack-marker',
  ])
  t.equal((await sendRaw(bench.http, bytes)).response?.body.toString(), keyAuthorization)
  t.equal(inspectionsOf(bench.edge, 'observed').length, 1, 'one line of inspection')
  t.match(bench.edge.errorLog(), /\[id "900100"\]/, 'and the rule that would have blocked is logged')
})

t.test('IP literals are hosts like any other', async (t) => {
  const ipv4 = await bench.edge.publish('192.0.2.7', `ip4-${'c'.repeat(40)}`)
  t.equal(
    (
      await sendRaw(bench.http, requestBytes(`GET ${prefix}ip4-${'c'.repeat(40)} HTTP/1.1`, ['Host: 192.0.2.7']))
    ).response?.body.toString(),
    ipv4,
  )
  const ipv6 = await bench.edge.publish('2001:db8::1', `ip6-${'c'.repeat(40)}`)
  for (const host of ['[2001:db8::1]', '[2001:DB8:0::1]:80', '[2001:db8:0:0:0:0:0:1]']) {
    t.equal(
      (
        await sendRaw(bench.http, requestBytes(`GET ${prefix}ip6-${'c'.repeat(40)} HTTP/1.1`, [`Host: ${host}`]))
      ).response?.body.toString(),
      ipv6,
      host,
    )
  }
})

t.test('two orders for one name do not overwrite each other', async (t) => {
  const [one, two] = [`one-${'d'.repeat(40)}`, `two-${'d'.repeat(40)}`]
  const keys = [await bench.edge.publish('shop.example', one), await bench.edge.publish('shop.example', two)]
  const fetchToken = async (name: string) =>
    (
      await sendRaw(bench.http, requestBytes(`GET ${prefix}${name} HTTP/1.1`, ['Host: shop.example']))
    ).response?.body.toString()
  t.same([await fetchToken(one), await fetchToken(two)], keys)
  await bench.edge.withdraw('shop.example', one)
  t.equal(await fetchToken(one), 'origin')
  t.equal(await fetchToken(two), keys[1])
})

t.test('no log holds a key authorization', async (t) => {
  await eventually('the log is written', () => bench.edge.errorLog().length > 0)
  t.notMatch(bench.edge.errorLog(), /thumbprint/)
  t.notMatch(JSON.stringify(await bench.edge.accessRecords()), /thumbprint/)
  t.notMatch(bench.edge.stderr(), /thumbprint/)
})

t.test('waf.mode off changes nothing about what is answered', async (t) => {
  const off = await startBench(t, { mode: 'off' })
  await off.edge.publish('shop.example', token)
  const send = overHttp1(off.http)
  t.equal((await send(plain)).body, keyAuthorization)
  for (const target of [`${path}/ae`, `${path}?x`, `/${path}`, `${path}/..;/x`])
    t.equal((await send({ ...plain, target })).body, 'origin', target)
  t.notMatch((await send({ ...plain, target: `http://shop.example${path}` })).body, /thumbprint/)
})
