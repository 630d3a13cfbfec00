import { gzipSync } from 'node:zlib'
import t from 'tap'
import { type LocalEdgeOptions, startLocalEdge } from '../helpers/local-edge.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const get = requestBytes('GET /x HTTP/1.1', ['Host: shop.example'])
const rules = (more = '') => `SecRuleEngine On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain
SecResponseBodyLimit 1000
${more}
SecRule RESPONSE_BODY "@contains secret" "id:1,phase:4,deny,status:403,log,msg:'leak'"
SecRule RESPONSE_HEADERS:X-Leak "@streq yes" "id:2,phase:3,deny,status:403,log,msg:'leak'"
`

interface Case extends LocalEdgeOptions {
  readonly name: string
  readonly answer: string | Buffer
  readonly head?: string
  readonly status: number
  readonly body?: string | Buffer
  readonly ids?: readonly number[]
}

const tail = 'y'.repeat(5_000)
const cases: readonly Case[] = [
  { name: 'held and clean', answer: 'hello', status: 200, body: 'hello' },
  { name: 'held and leaking', answer: 'a secret', status: 403, ids: [1] },
  { name: 'leaking in a field', answer: 'x', head: 'X-Leak: yes\r\n', status: 403, ids: [2] },
  { name: 'leaking in a field of a long response', answer: tail, head: 'X-Leak: yes\r\n', status: 403, ids: [2] },
  { name: 'longer than the limit', answer: tail, status: 502 },
  {
    name: 'longer than the limit, the first part is enough',
    rules: rules('SecResponseBodyLimitAction ProcessPartial'),
    answer: tail,
    status: 200,
    body: tail,
  },
  {
    name: 'leaking in the first part',
    rules: rules('SecResponseBodyLimitAction ProcessPartial'),
    answer: `secret ${tail}`,
    status: 403,
    ids: [1],
  },
  {
    name: 'compressed and leaking',
    answer: gzipSync('a secret'),
    head: 'Content-Encoding: gzip\r\n',
    status: 403,
    ids: [1],
  },
  {
    name: 'compressed, and longer than the limit once it is not',
    rules: rules('SecResponseBodyLimitAction ProcessPartial'),
    answer: gzipSync(tail),
    head: 'Content-Encoding: gzip\r\n',
    status: 200,
  },
  {
    name: 'compressed, longer than the limit, and leaking in the first part',
    rules: rules('SecResponseBodyLimitAction ProcessPartial'),
    answer: gzipSync(`secret ${tail}`),
    head: 'Content-Encoding: gzip\r\n',
    status: 403,
    ids: [1],
  },
  {
    name: 'compressed and longer than a limit that holds',
    answer: gzipSync(tail),
    head: 'Content-Encoding: gzip\r\n',
    status: 502,
  },
  {
    name: 'compressed and broken where the beginning is enough',
    rules: rules('SecResponseBodyLimitAction ProcessPartial'),
    answer: 'plain',
    head: 'Content-Encoding: gzip\r\n',
    status: 502,
  },
  {
    name: 'detected in a long one that is compressed',
    mode: 'detect',
    answer: gzipSync(`secret ${tail}`),
    head: 'Content-Encoding: gzip\r\n',
    status: 200,
    ids: [1],
  },
  { name: 'not what it says', answer: 'plain', head: 'Content-Encoding: gzip\r\n', status: 502 },
  { name: 'detected alone', mode: 'detect', answer: 'a secret', status: 200, body: 'a secret', ids: [1] },
  {
    name: 'detected in a long one',
    mode: 'detect',
    answer: `secret ${tail}`,
    status: 200,
    body: `secret ${tail}`,
    ids: [1],
  },
  {
    name: 'a bomb in detection',
    mode: 'detect',
    answer: tail,
    head: 'Content-Encoding: gzip\r\n',
    status: 200,
    body: tail,
  },
  { name: 'off', mode: 'off', answer: 'a secret', status: 200, body: 'a secret' },
]

t.test('responses are held, inspected in part, or only looked at, and arrive byte for byte', async (t) => {
  let ran = 0
  for (const one of cases) {
    const { http, origin, records, close } = await startLocalEdge(t, { rules: rules(), ...one })
    const bytes = Buffer.from(one.answer)
    origin.respond((_request, socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${one.head ?? ''}Content-Length: ${bytes.length}\r\n\r\n`,
      )
      for (let at = 0; at < bytes.length; at += 700)
        setTimeout(() => socket.write(bytes.subarray(at, at + 700)), at / 100)
    })
    const { response } = await sendRaw(http, get)
    t.equal(response?.status, one.status, one.name)
    if (one.body !== undefined) t.equal(response?.body.toString(), one.body, `${one.name}: body`)
    else t.notMatch(response?.body.toString() ?? '', /secret|yyy/, `${one.name}: nothing of it`)
    t.equal(records.length, 1)
    t.strictSame(records[0]?.notes.ruleIds, one.ids ?? [], `${one.name}: rules`)
    await close()
    ran++
  }
  t.equal(ran, 18)
})

t.test('a response without a body is one, whatever its fields say', async (t) => {
  const { http, origin } = await startLocalEdge(t, { rules: rules() })
  const head = requestBytes('HEAD /x HTTP/1.1', ['Host: shop.example'])
  const answers: [request: string, status: number, length: string | undefined][] = [
    [head, 200, '7'],
    [get, 204, undefined],
    [get, 304, '7'],
  ]
  for (const [request, status, length] of answers) {
    origin.respond((_request, socket) => {
      socket.write(`HTTP/1.1 ${status} X\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\n`)
    })
    const { response } = await sendRaw(http, request, { head: true })
    t.equal(response?.status, status)
    const found = /^content-length: *(.*)$/im.exec(response?.headText ?? '')?.[1]?.trim()
    t.equal(found, length, `${status}`)
  }
})
