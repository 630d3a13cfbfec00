import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { checkCharset, decodeBody, UndecodableBody } from '../../src/edge/decode-body.ts'

const text = Buffer.from('a=1&b=<script>')
const limit = 1_000_000

const failureOf = (...body: Parameters<typeof decodeBody>) => decodeBody(...body).catch((error: unknown) => error)

t.test('each coding is looked through', async (t) => {
  const coded: Record<string, Buffer> = {
    gzip: gzipSync(text),
    'X-GZIP': gzipSync(text),
    br: brotliCompressSync(text),
    zstd: zstdCompressSync(text),
    deflate: deflateSync(text),
    ' deflate ': deflateRawSync(text),
    identity: text,
    '': text,
  }
  for (const [coding, bytes] of Object.entries(coded)) {
    t.equal((await decodeBody(bytes, ['Content-Encoding', coding], limit)).toString(), text.toString(), coding)
  }
  t.equal(Object.keys(coded).length, 8)
  t.equal(await decodeBody(text, [], limit), text)
})

t.test('what cannot be looked through is said so', async (t) => {
  const cases: Record<string, readonly [headers: string[], bytes: Buffer]> = {
    unknown: [['Content-Encoding', 'compress'], text],
    'a name of Object.prototype': [['Content-Encoding', 'constructor'], text],
    stacked: [['Content-Encoding', 'gzip, gzip'], gzipSync(gzipSync(text))],
    'stacked in two fields': [['Content-Encoding', 'gzip', 'content-encoding', 'br'], gzipSync(text)],
    broken: [['Content-Encoding', 'gzip'], text],
    truncated: [['Content-Encoding', 'gzip'], gzipSync(text).subarray(0, 20)],
    empty: [['Content-Encoding', 'gzip'], Buffer.alloc(0)],
  }
  for (const [name, [headers, bytes]] of Object.entries(cases)) {
    t.ok((await failureOf(bytes, headers, limit)) instanceof UndecodableBody, name)
  }
  t.equal(Object.keys(cases).length, 7)
})

t.test('a bomb is not unpacked: neither beyond the limit nor beyond the ratio', async (t) => {
  const zeros = Buffer.alloc(5_000_000)
  const bombs = {
    gzip: gzipSync(zeros),
    br: brotliCompressSync(zeros),
    zstd: zstdCompressSync(zeros),
    deflate: deflateSync(zeros),
  }
  for (const [coding, bytes] of Object.entries(bombs)) {
    t.ok((await failureOf(bytes, ['Content-Encoding', coding], 10_000_000)) instanceof UndecodableBody, coding)
  }
  const noise = Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 251))
  t.ok((await failureOf(gzipSync(noise), ['Content-Encoding', 'gzip'], 10_000)) instanceof UndecodableBody, 'limit')
  t.equal((await decodeBody(gzipSync(noise), ['Content-Encoding', 'gzip'], 20_000)).length, 20_000)
})

t.test('character sets that hide an attack are refused', (t) => {
  const opaque = ['utf-7', 'UTF7', '"utf-16le"', 'utf-32', "'ucs-2", 'UCS4', 'ibm037', 'unicode-1-1-utf-7']
  for (const charset of opaque) {
    const headers = ['Content-Type', `text/html; charset = ${charset}`]
    t.throws(() => checkCharset(headers), { code: 'ACME_EDGE_REQUEST_CODING', status: 415 }, charset)
  }
  for (const charset of ['utf-8', 'iso-8859-1', 'us-ascii']) {
    t.doesNotThrow(() => checkCharset(['content-type', `text/plain;charset=${charset}`]), charset)
  }
  t.doesNotThrow(() => checkCharset([]))
  t.end()
})
