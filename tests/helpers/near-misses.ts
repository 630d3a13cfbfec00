import fc from 'fast-check'

/** A request of the property tests in parts; `bytesOf` puts them together. */
export interface NearMiss {
  readonly method: string
  readonly target: string
  readonly version: string
  readonly hosts: readonly string[]
  readonly headers: readonly string[]
  /** Framing headers and body, as they go over the wire. */
  readonly framing: readonly string[]
  readonly body: string
  /** Where the bytes are cut into writes, as fractions of their length. */
  readonly cuts: readonly number[]
}

export interface Vocabulary {
  /** Tokens that are active, were active or never will be. */
  readonly tokens: readonly string[]
  readonly attacks: readonly string[]
}

const prefix = '/.well-known/acme-challenge/'

export function bytesOf(request: NearMiss, probe: string): string {
  const lines = [
    `${request.method} ${request.target} ${request.version}`,
    ...request.hosts.map((host) => `Host: ${host}`),
    `X-Probe: ${probe}`,
    ...request.headers,
    ...request.framing,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${request.body}`
}

/** The same request with another path: form and query stay, so that rules which read no path must judge it alike. */
export function onAnotherPath(request: NearMiss, path = '/another/path'): NearMiss {
  const absolute = /^([a-z]+:\/\/[^/?#]*)/i.exec(request.target)?.[1] ?? ''
  const query = request.target.indexOf('?')
  return { ...request, target: absolute + path + (query < 0 ? '' : request.target.slice(query)) }
}

/** Whether a target is one that every careful proxy forwards: then its verdict may not depend on the path at all. */
export function isPlainTarget(target: string): boolean {
  return /^\/([A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[2-7][0-9A-F])*$/.test(target)
}

/** Requests close to a hit: most differ from one in a single thing. */
export function nearMisses({ tokens, attacks }: Vocabulary): fc.Arbitrary<NearMiss> {
  const token = fc.constantFrom(...tokens)
  const attack = fc.constantFrom(...attacks)
  return fc
    .record({
      method: weighted(
        [24, 'GET'],
        [6, 'HEAD'],
        [4, 'POST'],
        [1, 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'get', 'GETS', 'TRACE', 'QUERY'],
      ),
      target: target(token, attack),
      version: weighted([50, 'HTTP/1.1'], [8, 'HTTP/1.0'], [1, 'HTTP/1.2', 'HTTP/2.0', 'http/1.1']),
      hosts: hosts(),
      headers: headers(attack),
      ...{ framing: fc.constant([] as readonly string[]), body: fc.constant('') },
      payload: payload(attack),
      cuts: weightedOf<readonly number[]>(
        [4, fc.constant([])],
        [1, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })],
      ),
    })
    .map(({ payload: { framing, body }, ...request }) => ({ ...request, framing, body }))
}

function target(token: fc.Arbitrary<string>, attack: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const base = token.map((value) => prefix + value)
  const once = fc.tuple(base, mutation(attack)).map(([path, mutate]) => mutate(path))
  const twice = fc.tuple(once, mutation(attack)).map(([path, mutate]) => mutate(path))
  return weightedOf(
    [5, base],
    [6, once],
    [3, twice],
    [1, fc.constantFrom('/', prefix, prefix.slice(0, -1), '/index.html')],
  )
}

type Mutation = (path: string) => string

const suffixes = [
  '/',
  '/ae',
  '/..;/actuator/env',
  ';',
  ';x=1',
  '?',
  '?x=1',
  '%00',
  '%20',
  '.',
  '=',
  '/..%2f',
  '/..%5c',
  '/%252e',
  '/%c0%ae',
  '#',
  '#x',
  '\\',
  '%0d%0a',
  '/%2e%2e/admin',
  '/../../admin',
  ' ',
  '\t',
  '\x00',
  '\x80',
  'A',
  '%',
  '%zz',
  '&x=1',
  '//',
]
const prefixes = [
  '/',
  '//',
  '/x/..',
  '/.',
  '/%2e',
  'http://shop.example',
  'http://other.example',
  'HTTP://SHOP.EXAMPLE',
  'https://shop.example',
  'http://shop.example:80',
  'http://user@shop.example',
  '//shop.example',
  '\\',
  'x',
]
const inserted = ['/', '%2f', '%5c', ';', '.', '%2e', '\\', '-', '_', '%', 'a', '%00', '..', ':', '@']

function mutation(attack: fc.Arbitrary<string>): fc.Arbitrary<Mutation> {
  const at = fc.double({ min: 0, max: 0.999, noNaN: true })
  const edit = (change: (path: string, index: number) => string) =>
    at.map(
      (where): Mutation =>
        (path) =>
          change(path, Math.floor(where * path.length)),
    )
  return fc.oneof(
    fc.constantFrom(...suffixes).map(
      (text): Mutation =>
        (path) =>
          path + text,
    ),
    fc.constantFrom(...prefixes).map(
      (text): Mutation =>
        (path) =>
          text + path,
    ),
    attack.map(
      (text): Mutation =>
        (path) =>
          `${path}?q=${encodeURIComponent(text)}`,
    ),
    attack.map(
      (text): Mutation =>
        (path) =>
          `${path}/${encodeURIComponent(text)}`,
    ),
    edit((path, i) => `${path.slice(0, i)}%${path.charCodeAt(i).toString(16).padStart(2, '0')}${path.slice(i + 1)}`),
    edit((path, i) => path.slice(0, i) + flipCase(path.charAt(i)) + path.slice(i + 1)),
    edit((path, i) => path.slice(0, i) + path.slice(i + 1)),
    edit((path, i) => path.slice(0, i) + path.charAt(i) + path.slice(i)),
    fc.tuple(at, fc.constantFrom(...inserted)).map(
      ([where, text]): Mutation =>
        (path) => {
          const i = Math.floor(where * path.length)
          return path.slice(0, i) + text + path.slice(i)
        },
    ),
  )
}

function flipCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
}

function hosts(): fc.Arbitrary<readonly string[]> {
  const good = [
    'shop.example',
    'SHOP.EXAMPLE',
    'shop.example.',
    'shop.example:80',
    'Shop.Example:8080',
    'other.example',
  ]
  const odd = [
    'unknown.example',
    'a.shop.example',
    '',
    'shop.example, other.example',
    'user@shop.example',
    'shop.example/x',
    'shop.example:x',
    'shop..example',
    'shop.example ',
    'shop.example other.example',
  ]
  const lists = [['shop.example', 'other.example'], ['shop.example', 'shop.example'], [], ['', 'shop.example']]
  return weightedOf<readonly string[]>(
    [20, fc.constant(['shop.example'])],
    [8, fc.constantFrom(...good).map((host) => [host])],
    [1, fc.constantFrom(...odd).map((host) => [host])],
    [1, fc.constantFrom(...lists)],
  )
}

function headers(attack: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  const harmless = [
    'User-Agent: validator/1.0',
    'Accept: */*',
    'Cookie: a=b; c=d',
    'Connection: close',
    'Referer: http://shop.example/',
    'Content-Length: 0',
    'X-Forwarded-Host: other.example',
    'X-Original-URL: /',
    'X-HTTP-Method-Override: POST',
    'Forwarded: host=other.example',
    'Upgrade-Insecure-Requests: 1',
    'Accept-Encoding: gzip',
    'Range: bytes=0-1',
    'X-Empty:',
  ]
  const broken = [
    ': x',
    'X A: b',
    'X-A : b',
    ' folded',
    'no colon',
    'X_Forwarded_For: 1.2.3.4',
    'Transfer_Encoding: chunked',
    'X-A: \x01',
    'Expect: x',
    'X-\xe9: 1',
  ]
  const carrier = fc.constantFrom('User-Agent: ', 'Referer: ', 'Cookie: a=', 'X-Custom: ', 'Accept-Language: ')
  const attacking = fc.tuple(carrier, attack).map(([name, value]) => name + value)
  const upgrade = fc.constant(['Connection: Upgrade', 'Upgrade: websocket'])
  return weightedOf<readonly string[]>(
    [12, fc.constant([])],
    [12, fc.uniqueArray(fc.constantFrom(...harmless), { maxLength: 4 })],
    [6, attacking.map((line) => [line])],
    [2, upgrade],
    [1, fc.constantFrom(...broken).map((line) => ['Accept: */*', line])],
  )
}

interface Payload {
  readonly framing: readonly string[]
  readonly body: string
}

function payload(attack: fc.Arbitrary<string>): fc.Arbitrary<Payload> {
  const form = 'Content-Type: application/x-www-form-urlencoded'
  const withLength = (body: string): Payload => ({ framing: [form, `Content-Length: ${body.length}`], body })
  const chunked = (body: string): Payload => ({
    framing: [form, 'Transfer-Encoding: chunked'],
    body: `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`,
  })
  const text = weightedOf(
    [2, fc.constantFrom('a=b', 'x', '')],
    [1, attack.map((value) => `a=${encodeURIComponent(value)}`)],
  )
  const broken: Payload[] = [
    { framing: ['Transfer-Encoding: gzip'], body: '0\r\n\r\n' },
    { framing: ['Transfer-Encoding: chunked', 'Content-Length: 5'], body: '0\r\n\r\n' },
    { framing: ['Content-Length: 0', 'Content-Length: 0'], body: '' },
    { framing: ['Content-Length: +0'], body: '' },
    { framing: ['Content-Length: 00'], body: '' },
    { framing: ['Content-Length:'], body: '' },
  ]
  return weightedOf(
    [28, fc.constant<Payload>({ framing: [], body: '' })],
    [6, text.map(withLength)],
    [4, text.map(chunked)],
    [1, fc.constantFrom(...broken)],
  )
}

function weighted(...groups: readonly (readonly [weight: number, ...values: string[]])[]): fc.Arbitrary<string> {
  return weightedOf(...groups.map(([weight, ...values]) => [weight, fc.constantFrom(...values)] as const))
}

function weightedOf<T>(...groups: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof(...groups.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}
