import t from 'tap'
import { originHeaders, responseHeaders } from '../../src/origin/origin-headers.ts'
import { edgeRequest } from '../helpers/edge-request.ts'

function fieldsOf(flat: readonly string[]): string[] {
  return flat.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${flat[i + 1]}`] : []))
}

t.test('the client’s fields go on raw, in order, with their duplicates', (t) => {
  const headers = ['Host', 'shop.example', 'X-B', '1', 'x-a', '\xff', 'X-B', '2', 'Keep-Alive', '5', 'TE', 'trailers']
  const sent = fieldsOf(originHeaders(edgeRequest({ headers }), { kind: 'none' }))
  t.strictSame(sent.slice(0, 4), ['host: shop.example', 'X-B: 1', 'x-a: \xff', 'X-B: 2'])
  t.notOk(sent.some((field) => /^(?:keep-alive|te):/i.test(field)))
  t.end()
})

t.test('the edge alone says who the client is', (t) => {
  const headers = ['Host', 'a', 'X-Forwarded-For', '6.6.6.6', 'x-real-ip', '6.6.6.6', 'Forwarded', 'for=6.6.6.6']
  const also = ['X-Forwarded-Proto', 'https', 'X-Forwarded-Port', '1', 'Connection', 'X-Forwarded-For, Forwarded']
  const request = edgeRequest({ headers: [...headers, ...also], client: { address: '2001:db8::7', port: 0 } })
  t.strictSame(fieldsOf(originHeaders(request, { kind: 'none' })), [
    'host: shop.example',
    'x-forwarded-for: 192.0.2.1',
    'x-forwarded-host: shop.example',
    'x-forwarded-proto: http',
    'x-real-ip: 2001:db8::7',
    'forwarded: for="[2001:db8::7]";host="shop.example";proto=http',
  ])
  t.end()
})

t.test('framing is made anew', (t) => {
  const headers = ['Host', 'a', 'Content-Length', '002', 'Transfer-Encoding', 'chunked']
  const request = (bytes: number) => edgeRequest({ method: 'POST', headers, framing: { kind: 'length', bytes } })
  const lengths = (flat: readonly string[]) =>
    fieldsOf(flat).filter((field) => /^(?:content-length|transfer)/i.test(field))
  const stream = process.stdin
  t.strictSame(lengths(originHeaders(request(2), { kind: 'stream', stream, lengthBytes: 2 })), ['content-length: 2'])
  t.strictSame(lengths(originHeaders(request(0), { kind: 'none' })), ['content-length: 0'])
  t.strictSame(lengths(originHeaders(request(2), { kind: 'bytes', bytes: Buffer.from('ab') })), [], 'undici counts')
  t.strictSame(lengths(originHeaders(edgeRequest({ headers }), { kind: 'none' })), [])
  t.end()
})

t.test('a response keeps its length where it can have one', (t) => {
  const headers = [
    'Content-Length',
    '5',
    'Connection',
    'close, X-Hop',
    'X-Hop',
    '1',
    'Set-Cookie',
    'a',
    'Set-Cookie',
    'b',
  ]
  const kept = ['Set-Cookie', 'a', 'Set-Cookie', 'b']
  t.strictSame(responseHeaders(headers, 200), ['Content-Length', '5', ...kept])
  t.strictSame(responseHeaders(headers, 304), ['Content-Length', '5', ...kept])
  t.strictSame(responseHeaders(headers, 204), kept)
  t.end()
})
