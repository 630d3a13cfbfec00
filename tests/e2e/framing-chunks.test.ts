import t from 'tap'
import { assertAccepted, assertRefused, startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t)
const types = { form: 'application/x-www-form-urlencoded', stream: 'application/octet-stream' } as const
const chunked = (type: string, body: string) =>
  requestBytes('POST /c HTTP/1.1', ['Host: shop.example', `Content-Type: ${type}`, 'Transfer-Encoding: chunked'], body)

const last = '0\r\n\r\n'
const malformed: Record<string, string> = {
  'bare LF after the size': `5\nhello\r\n${last}`,
  'bare LF after the data': `5\r\nhello\n${last}`,
  'bare CR after the size': `5\rhello\r\n${last}`,
  'no terminator after the data': `5\r\nhello${last}`,
  'data longer than its size': `5\r\nhelloX\r\n${last}`,
  'data shorter than its size': `7\r\nhello\r\n${last}`,
  'plus sign': `+5\r\nhello\r\n${last}`,
  'minus sign': `-5\r\nhello\r\n${last}`,
  'hex prefix': `0x5\r\nhello\r\n${last}`,
  'leading space': ` 5\r\nhello\r\n${last}`,
  'trailing space': `5 \r\nhello\r\n${last}`,
  'trailing tab': `5\t\r\nhello\r\n${last}`,
  'empty size': `\r\nhello\r\n${last}`,
  'no hex digit': `g\r\nhello\r\n${last}`,
  'underscore in the size': `1_0\r\n0123456789abcdef\r\n${last}`,
  '17 digits': `${'5'.padStart(17, '0')}\r\nhello\r\n${last}`,
  '41 digits': `${'5'.padStart(41, '0')}\r\nhello\r\n${last}`,
  'size beyond 2^64': `10000000000000005\r\nhello\r\n${last}`,
  'CR in an extension': `5;a\rb\r\nhello\r\n${last}`,
  'LF in an extension': `5;a\nb\r\nhello\r\n${last}`,
  'NUL in an extension': `5;a\x00b\r\nhello\r\n${last}`,
  'CTL in an extension value': `5;a=\x01\r\nhello\r\n${last}`,
  'DEL in an extension': `5;a=\x7f\r\nhello\r\n${last}`,
  'LF in a quoted extension': `5;a="\n"\r\nhello\r\n${last}`,
  'extension without a semicolon': `5 a=b\r\nhello\r\n${last}`,
  'bare LF in the last chunk': '5\r\nhello\r\n0\n\r\n',
  'bare LF at the end': '5\r\nhello\r\n0\r\n\n',
  'bare LF after a trailer': '5\r\nhello\r\n0\r\nX-T: 1\n\r\n',
  'trailer without a colon': '5\r\nhello\r\n0\r\nX-T\r\n\r\n',
  'trailer with a spaced name': '5\r\nhello\r\n0\r\nX T: 1\r\n\r\n',
  'folded trailer': '5\r\nhello\r\n0\r\nX-T: 1\r\n 2\r\n\r\n',
  'NUL in a trailer': '5\r\nhello\r\n0\r\nX-T: \x00\r\n\r\n',
  'framing trailer': '5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n',
}

for (const [kind, type] of Object.entries(types)) {
  t.test(`malformed chunks are refused (${kind})`, async (t) => {
    const cases = Object.entries(malformed).filter(([name]) => name !== 'framing trailer')
    t.equal(cases.length, 32)
    await assertRefused(
      t,
      bench,
      cases.map(([name, body]) => ({ name, bytes: chunked(type, body), streams: kind === 'stream' })),
    )
  })

  t.test(`extensions are dropped, trailers never merged (${kind})`, async (t) => {
    const forwarded = { body: 'hello', absent: ['x-t', 'cookie', 'authorization'] }
    await assertAccepted(t, bench, [
      { ...forwarded, name: 'no extension', bytes: chunked(type, `5\r\nhello\r\n${last}`) },
      { ...forwarded, name: 'extension', bytes: chunked(type, `5;a=b\r\nhello\r\n${last}`) },
      { ...forwarded, name: 'quoted extension', bytes: chunked(type, `5;a="b c"\r\nhello\r\n${last}`) },
      { ...forwarded, name: 'extension of the last chunk', bytes: chunked(type, '5\r\nhello\r\n0;a\r\n\r\n') },
      { ...forwarded, name: 'leading zeros', bytes: chunked(type, `0005\r\nhello\r\n${last}`) },
      { ...forwarded, name: 'upper-case hex', bytes: chunked(type, `A\r\nhellohello\r\n${last}`), body: 'hellohello' },
      { ...forwarded, name: 'trailer', bytes: chunked(type, '5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n') },
      {
        ...forwarded,
        name: 'cookie as a trailer',
        bytes: chunked(type, '5\r\nhello\r\n0\r\nCookie: a=b\r\n\r\n'),
        orRefused: true,
      },
      {
        ...forwarded,
        name: 'CL as a trailer',
        bytes: chunked(type, malformed['framing trailer'] ?? ''),
        orRefused: true,
      },
    ])
  })

  t.test(`extensions are capped in total (${kind})`, async (t) => {
    const many = `1;${'x'.repeat(4_000)}\r\na\r\n`.repeat(64)
    await assertRefused(t, bench, [
      { name: 'many large extensions', bytes: chunked(type, many + last), streams: kind === 'stream' },
      { name: 'one endless extension', bytes: chunked(type, `1;${'x'.repeat(200_000)}`), streams: kind === 'stream' },
    ])
  })
}

t.test('an attack in a trailer is blocked or never reaches the origin', async (t) => {
  bench.origin.forget()
  await sendRaw(bench.http, chunked(types.form, '5\r\nhello\r\n0\r\nX-T: attack-marker\r\n\r\n'))
  t.notOk(bench.origin.requests.some((request) => request.raw.includes('attack-marker')))
})

t.test('the origin sees clean framing: no extension, no trailer, one way of delimiting', async (t) => {
  for (const type of Object.values(types)) {
    bench.origin.forget()
    await sendRaw(bench.http, chunked(type, '5;secret=1\r\nhello\r\n0\r\nX-T: 1\r\n\r\n'))
    const [request] = bench.origin.requests
    const names = request?.headers.map(([name]) => name.toLowerCase()) ?? []
    const framing = names.filter((name) => name === 'content-length' || name === 'transfer-encoding')
    t.equal(framing.length, 1, `one framing header (${framing})`)
    t.notMatch(request?.raw ?? 'missing', /secret|X-T/)
  }
})
