import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { Http1Guard } from '../../src/edge/http1-guard.ts'
import { runSize } from '../helpers/run-size.ts'

const limits = { headerBytes: 1024, headerCount: 20, targetBytes: 200 }

interface Seen {
  readonly heads: string[]
  readonly refused: boolean
  /** What reached the parser, the head that was never completed left out. */
  readonly messages: string
}

/** What the guard makes of the bytes when they come in these pieces. */
function guardOf(pieces: readonly Buffer[]): Seen {
  const heads: string[] = []
  let forwarded = ''
  let refused = false
  const guard = new Http1Guard(limits, {
    late: () => undefined,
    mayBegin: () => true,
    head: ({ text }) => heads.push(text),
    forward: (bytes) => {
      forwarded += bytes.toString('latin1')
    },
    refuse: () => {
      refused = true
    },
  })
  for (const piece of pieces) guard.push(piece)
  return { heads, refused, messages: forwarded.slice(0, lastMessageBytes(forwarded, heads)) }
}

/** Up to the end of the last complete head: how much of what follows was passed on before its fault showed may differ. */
function lastMessageBytes(forwarded: string, heads: readonly string[]): number {
  const last = heads.at(-1)
  return last === undefined ? 0 : forwarded.lastIndexOf(last) + last.length
}

const goodMessage = fc.oneof(
  fc.constantFrom(
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    '\r\nGET /empty-line HTTP/1.1\r\nHost: a\r\n\r\n',
    'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n\r\r\n0\r\nX: t\r\n\r\n',
    'HEAD /.well-known/acme-challenge/x HTTP/1.0\r\n\r\n',
  ),
  fc
    .string({ maxLength: 30 })
    .map((body) => Buffer.from(body))
    .map((body) => `PUT /l HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body.toString('latin1')}`),
)

const badMessage = fc.constantFrom(
  '\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  '\rGET / HTTP/1.1\r\n\r\n',
  '\nGET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\n\r\n',
  'GET / HTTP/1.1\nHost: a\r\n\r\n',
  'GET  / HTTP/1.1\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n',
  `GET /${'a'.repeat(300)} HTTP/1.1\r\n\r\n`,
  `GET / HTTP/1.1\r\nX: ${'a'.repeat(1100)}\r\n\r\n`,
)

const stream = fc
  .tuple(fc.array(goodMessage, { maxLength: 5 }), fc.option(badMessage, { nil: '' }))
  .map(([good, bad]) => Buffer.from(good.join('') + bad, 'latin1'))

t.test('the same bytes come to the same, however the network splits them', (t) => {
  const { seed, count } = runSize({ usual: 3_000, full: 50_000 })
  let ran = 0
  const cuts = fc.array(fc.nat(1_500), { maxLength: 12 })
  const property = fc.property(stream, cuts, fc.boolean(), (bytes, places, byByte) => {
    ran++
    const pieces = byByte ? [...bytes].map((byte) => Buffer.from([byte])) : split(bytes, places)
    return isDeepStrictEqual(guardOf(pieces), guardOf([bytes]))
  })
  fc.assert(property, { seed, numRuns: count })
  t.comment(`seed ${seed}, ${ran} streams`)
  t.ok(ran >= count)
  t.end()
})

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

t.test('a message waits until it may begin, and the bytes are kept', (t) => {
  const heads: string[] = []
  let may = true
  const guard = new Http1Guard(limits, {
    late: () => undefined,
    mayBegin: () => may,
    head: ({ text }) => {
      heads.push(text)
      may = false
    },
    forward: () => {},
    refuse: () => t.fail('refused'),
  })
  const get = (target: string) => `GET ${target} HTTP/1.1\r\n\r\n`
  const [first, second, third] = [get('/1'), get('/2'), get('/3')]
  guard.push(Buffer.from(`${first}${second}`))
  guard.push(Buffer.from(third))
  t.strictSame(heads, [first])
  for (const _ of [2, 3]) {
    may = true
    guard.resume()
  }
  t.strictSame(heads, [first, second, third])
  t.end()
})

t.test('a guard that was stopped passes nothing on', (t) => {
  let forwarded = 0
  const guard = new Http1Guard(limits, {
    late: () => undefined,
    mayBegin: () => true,
    head: () => guard.stop(),
    forward: () => forwarded++,
    refuse: () => t.fail('refused'),
  })
  guard.push(Buffer.from('CONNECT a:1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n'))
  guard.push(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
  t.equal(forwarded, 1)
  t.end()
})

t.test('what is kept of a head that never ends is bounded', (t) => {
  let refused = 0
  const guard = new Http1Guard(limits, {
    late: () => undefined,
    mayBegin: () => true,
    head: () => t.fail('no head'),
    forward: () => {},
    refuse: ({ status }) => {
      refused = status
    },
  })
  guard.push(Buffer.from('GET / HTTP/1.1\r\n'))
  for (let i = 0; i < 100 && refused === 0; i++) guard.push(Buffer.from(`X-${i}: ${'a'.repeat(50)}\r\n`))
  t.equal(refused, 431)
  t.ok(guard.partialHead.length <= limits.headerBytes)
  t.end()
})
