import t from 'tap'
import { buildRequest } from '../../../src/waf/regression/build-request.ts'
import type { TestMessage } from '../../../src/waf/regression/test-case.ts'

type Parts = Extract<TestMessage, { kind: 'parts' }>

function sent(parts: Partial<Omit<Parts, 'kind' | 'headers' | 'body'>> & { headers?: object; data?: string }): string {
  const { headers = {}, data, ...rest } = parts
  const message: Parts = {
    kind: 'parts',
    method: 'GET',
    uri: '/',
    version: 'HTTP/1.1',
    completion: 'complete',
    headers: Object.entries(headers).map(([name, value]) => ({ name, value: String(value) })),
    body: data === undefined ? { kind: 'none' } : { kind: 'template', text: data },
    ...rest,
  }
  const built = buildRequest(message)
  return built.kind === 'request' ? built.bytes.toString() : built.reason
}

t.test('nothing is added to a request that is complete', async (t) => {
  const headers = { Host: 'a', connection: 'keep-alive' }
  t.equal(sent({ headers }), 'GET / HTTP/1.1\r\nHost: a\r\nconnection: keep-alive\r\n\r\n')
})

t.test('Connection, Content-Type and Content-Length are added where they are missing', async (t) => {
  t.equal(sent({}), 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')
  t.equal(sent({ method: 'POST' }), 'POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  t.match(sent({ method: 'XPUTX' }), /Content-Length: 0\r\n/, 'any method that holds PUT')
  t.equal(
    sent({ data: 'a=<' }),
    'GET / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: 5\r\n\r\na=%3C',
  )
  t.match(sent({ data: 'x', headers: { 'content-length': 9 } }), /^(?!.*content-length: 1).*\r\n\r\nx$/is)
})

t.test('only a form is escaped, and only where headers are completed', async (t) => {
  t.match(sent({ data: '{"a":1}', headers: { 'Content-Type': 'application/json' } }), /\r\n\r\n\{"a":1\}$/)
  const form = { 'Content-Type': 'Application/x-www-form-urlencoded' }
  t.match(sent({ data: 'a=<', headers: form }), /\r\n\r\na=%3C$/)
  t.equal(
    sent({ data: 'a=<', headers: form, completion: 'as-is' }),
    'GET / HTTP/1.1\r\nContent-Type: Application/x-www-form-urlencoded\r\n\r\na=<',
  )
})

t.test('lines of a multipart body end in CR LF, and count so', async (t) => {
  const headers = { 'Content-Type': 'multipart/form-data; boundary=b' }
  t.match(sent({ data: '--b\nx', headers }), /Content-Length: 6\r\n\r\n--b\r\nx$/)
  t.match(sent({ data: '--b\nx', headers, completion: 'as-is' }), /\r\n\r\n--b\r\nx$/)
})

t.test('encoded requests are sent as they are', async (t) => {
  const bytes = Buffer.from('GET\x00\xff\n', 'latin1')
  t.strictSame(buildRequest({ kind: 'encoded', bytes }), { kind: 'request', bytes })
})

t.test('a template that is not known is no request', async (t) => {
  t.match(sent({ data: '{{ env "HOME" }}' }), /template that is not known/)
})
