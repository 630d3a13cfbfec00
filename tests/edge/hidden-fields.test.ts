import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { hidesFields } from '../../src/edge/hidden-fields.ts'
import { startLocalEdge } from '../helpers/local-edge.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const form = ['Content-Type', 'application/x-www-form-urlencoded']

/** A gzip member with a comment (RFC 1952 §2.3.1): decompressors leave it out. */
function gzipWithComment(content: string, comment: string): Buffer {
  const plain = gzipSync(content)
  const head = Buffer.from(plain.subarray(0, 10))
  head[3] = 0x10
  return Buffer.concat([head, Buffer.from(`${comment}\0`), plain.subarray(10)])
}

t.test('an origin that does not decompress finds nothing but what was inspected', async (t) => {
  const rules = 'SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:403"'
  const { http, origin } = await startLocalEdge(t, { rules })
  const post = async (body: Buffer, type = form[1] ?? '') => {
    const head = ['Host: a', `Content-Type: ${type}`, 'Content-Encoding: gzip', `Content-Length: ${body.length}`]
    const bytes = requestBytes('POST / HTTP/1.1', head, body.toString('latin1'))
    return (await sendRaw(http, bytes)).response?.status
  }
  t.equal(await post(gzipWithComment('a=b', '&q=attack-by-comment&')), 415)
  t.equal(await post(gzipWithComment('a=b', "&q=1'or'1'='1&")), 415)
  const part = '--x\r\nContent-Disposition: form-data; name="q"\r\n\r\nattack\r\n--x--\r\n'
  t.equal(await post(gzipWithComment('--x--\r\n', part), 'multipart/form-data; boundary=x'), 415)
  t.equal(origin.requests.length, 0)
  t.equal(await post(gzipWithComment('a=b', 'harmless.txt')), 200)
  t.equal(await post(gzipWithComment('{"a":"b"}', '&q=attack&'), 'application/json'), 200, 'no document in it')
})

t.test('what clients compress is not taken for it', (t) => {
  const words = () => randomBytes(30).toString('base64url')
  let ran = 0
  for (let round = 0; round < 200; round++) {
    const content = Array.from({ length: 1 + (round % 20) }, () => `${words()}=${words()}`).join('&')
    const stored = gzipSync(content, { level: 0 })
    for (const coded of [gzipSync(content), stored, deflateRawSync(content), brotliCompressSync(content)]) {
      if (hidesFields(coded, Buffer.from(content), form)) t.fail(`round ${round}: ${content}`)
      ran++
    }
    const short = `user=u${round}&password=${words()}`
    if (hidesFields(zstdCompressSync(short), Buffer.from(short), form)) t.fail(`zstd: ${short}`)
    ran++
  }
  t.equal(ran, 1_000)
  t.end()
})
