import t from 'tap'
import { readResponse } from '../../../src/waf/regression/response-message.ts'

const read = (text: string, method = 'GET') => readResponse(Buffer.from(text, 'latin1'), { method })

const cases: readonly [name: string, text: string, expected: object | undefined, method?: string][] = [
  ['no end of the head', 'HTTP/1.1 200 OK\r\nA: b\r\n', undefined],
  ['no HTTP', 'hello\r\n\r\n', undefined],
  ['a whole body', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab', { status: 200, state: 'complete' }],
  ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length:3\r\n\r\nab', { status: 200, state: 'partial' }],
  ['a body up to the end', 'HTTP/1.0 403 No\r\n\r\nab', { status: 403, state: 'partial' }],
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', { state: 'complete' }, 'HEAD'],
  ['304', 'HTTP/1.1 304 Same\r\n\r\n', { state: 'complete' }],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n', { state: 'complete' }],
  ['chunks to come', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n', { state: 'partial' }],
  ['after an interim one', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n', { status: 204 }],
  ['an interim one alone', 'HTTP/1.1 100 Continue\r\n\r\n', undefined],
  ['a redirect', 'HTTP/1.1 302 Found\r\nLocation:  /x \r\n\r\n', { location: '/x' }],
]

t.test('responses are read as far as they have come', async (t) => {
  for (const [name, text, expected, method] of cases) {
    if (expected === undefined) t.equal(read(text, method), undefined, name)
    else t.match(read(text, method), expected, name)
  }
})
