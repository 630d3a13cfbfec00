import t from 'tap'
import { isAliasField, isTargetText, readRequestHead } from '../../src/edge/request-head.ts'

const limits = { headerBytes: 1024, headerCount: 5, targetBytes: 100 }
const head = (line: string, ...fields: string[]) => `${[line, ...fields].join('\r\n')}\r\n\r\n`
const get = (...fields: string[]) => head('GET / HTTP/1.1', 'Host: a', ...fields)

const accepted: Record<string, readonly [text: string, framing: object]> = {
  'no fields': [head('GET / HTTP/1.0'), { kind: 'none' }],
  length: [get('Content-Length: 7'), { kind: 'length', bytes: 7 }],
  'leading zeros': [get('content-length:007 '), { kind: 'length', bytes: 7 }],
  chunked: [get('Transfer-Encoding: Chunked'), { kind: 'chunked' }],
  'high bytes in a value': [get('X: \xff\t \x80'), { kind: 'none' }],
  'odd target bytes': [head('GET /"<>[]^`{|}~% HTTP/1.1'), { kind: 'none' }],
  'CONNECT with a port': [head('CONNECT shop.example:443 HTTP/1.1'), { kind: 'none' }],
  'a name that only looks like one': [get('X-Content-Length: 9'), { kind: 'none' }],
}

const refused: Record<string, readonly [text: string, status: number]> = {
  'length twice': [get('Content-Length: 7', 'Content-Length: 7'), 400],
  'length list': [get('Content-Length: 7, 7'), 400],
  'length and coding': [get('Content-Length: 7', 'Transfer-Encoding: chunked'), 400],
  'coding and length': [get('Transfer-Encoding: chunked', 'Content-Length: 7'), 400],
  'signed length': [get('Content-Length: +7'), 400],
  'negative length': [get('Content-Length: -7'), 400],
  'hexadecimal length': [get('Content-Length: 0x7'), 400],
  'empty length': [get('Content-Length:'), 400],
  'length of 2^64': [get('Content-Length: 18446744073709551616'), 400],
  'length of 2^53': [get('Content-Length: 9007199254740992'), 400],
  'gzip, chunked': [get('Transfer-Encoding: gzip, chunked'), 400],
  ',chunked': [get('Transfer-Encoding: ,chunked'), 400],
  'chunked twice': [get('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 400],
  identity: [get('Transfer-Encoding: identity'), 400],
  'coding in 1.0': [head('GET / HTTP/1.0', 'Transfer-Encoding: chunked'), 400],
  Content_Length: [get('Content_Length: 7'), 400],
  transfer_encoding: [get('transfer_encoding: chunked'), 400],
  X_Forwarded_For: [get('X_Forwarded_For: 1.2.3.4'), 400],
  'X-Forwarded_Proto': [get('X-Forwarded_Proto: https'), 400],
  'space before the colon': [get('Content-Length : 7'), 400],
  'folded field': [get('X: a\r\n b'), 400],
  'empty name': [get(': a'), 400],
  'space in a name': [get('X Y: a'), 400],
  'high byte in a name': [get('X\xe9: a'), 400],
  'no colon': [get('Xa'), 400],
  'bare LF': [get('X: a\nY: b'), 400],
  'bare CR': [get('X: a\rY: b'), 400],
  NUL: [get('X: \x00'), 400],
  DEL: [get('X: \x7f'), 400],
  'two spaces': [head('GET  / HTTP/1.1'), 400],
  tab: [head('GET\t/ HTTP/1.1'), 400],
  'no version': [head('GET /'), 400],
  'HTTP/1.10': [head('GET / HTTP/1.10'), 400],
  'HTTP/2.0': [head('GET / HTTP/2.0'), 400],
  'HTTP/0.9': [head('GET / HTTP/0.9'), 400],
  'lower-case version': [head('GET / http/1.1'), 400],
  'CONNECT without a port': [head('CONNECT shop.example HTTP/1.1'), 400],
  fragment: [head('GET /#a HTTP/1.1'), 400],
  backslash: [head('GET /\\a HTTP/1.1'), 400],
  'high byte in the target': [head('GET /\xe9 HTTP/1.1'), 400],
  'long target': [head(`GET /${'a'.repeat(100)} HTTP/1.1`), 414],
  'long head': [get(`X: ${'a'.repeat(1024)}`), 431],
  'many fields': [get('A: 1', 'B: 1', 'C: 1', 'D: 1', 'E: 1'), 431],
}

t.test('heads that every reader takes alike are accepted', (t) => {
  for (const [name, [text, framing]] of Object.entries(accepted)) {
    t.strictSame(readRequestHead(text, limits), { kind: 'head', framing }, name)
  }
  t.equal(Object.keys(accepted).length, 8)
  t.end()
})

t.test('the others are refused', (t) => {
  for (const [name, [text, status]] of Object.entries(refused)) {
    t.match(readRequestHead(text, limits), { kind: 'refusal', status }, name)
  }
  t.equal(Object.keys(refused).length, 43)
  t.end()
})

t.test('the limits are reached, not passed', (t) => {
  t.match(readRequestHead(head(`GET /${'a'.repeat(99)} HTTP/1.1`), limits), { kind: 'head' })
  t.match(readRequestHead(get('A: 1', 'B: 1', 'C: 1', 'D: 1'), limits), { kind: 'head' })
  t.match(readRequestHead(get(`X: ${'a'.repeat(1024 - get('X: ').length)}`), limits), { kind: 'head' })
  t.end()
})

t.test('HTTP/2 is held to the same words', (t) => {
  for (const name of ['content_length', 'x_forwarded_for', 'x_real_ip', 'transfer_encoding', 'content_type']) {
    t.ok(isAliasField(name), name)
  }
  for (const name of ['content-length', 'x-forwarded-for', 'my_field']) t.notOk(isAliasField(name), name)
  t.ok(isTargetText('/a?b'))
  for (const text of ['', '/a b', '/a#b', '/a\\b', '/\x7f', '/\xe9', '/a\r\nX: y']) t.notOk(isTargetText(text), text)
  t.end()
})
