import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { decodeBody, UndecodableBody } from '../../src/edge/decode-body.ts'

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

t.test('no decoder may go on where this one ends', async (t) => {
  const [benign, evil] = [Buffer.from('a=b'), Buffer.from('c=attack')]
  const join = (...parts: (Buffer | readonly number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part)))
  const skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 0x61, 0x3d, 0x62]
  const cases: readonly [name: string, coding: string, bytes: Buffer][] = [
    ['gzip, padding, gzip', 'gzip', join(gzipSync(benign), [0], gzipSync(evil))],
    ['gzip and text', 'gzip', join(gzipSync(benign), evil)],
    ['zlib and text', 'deflate', join(deflateSync(benign), evil)],
    ['raw deflate and text', 'deflate', join(deflateRawSync(benign), evil)],
    ['Brotli and text', 'br', join(brotliCompressSync(benign), evil)],
    ['two frames of zstd', 'zstd', join(zstdCompressSync(benign), zstdCompressSync(evil))],
    ['a skipped frame of zstd, then one', 'zstd', join(skippable, zstdCompressSync(evil))],
    ['a frame of zstd, then a skipped one', 'zstd', join(zstdCompressSync(benign), skippable)],
  ]
  for (const [name, coding, bytes] of cases) {
    t.ok((await failureOf(bytes, ['Content-Encoding', coding], limit)) instanceof UndecodableBody, name)
  }
  t.equal(
    (await decodeBody(join(gzipSync(benign), gzipSync(evil)), ['Content-Encoding', 'gzip'], limit)).toString(),
    'a=bc=attack',
  )
})

t.test('deflate that is zlib for one reader and raw for another is refused', async (t) => {
  // As raw deflate: a stored block of 1 byte, then whatever. As zlib, nothing that this reader has to know.
  for (let second = 0; second < 256; second++) {
    if ((0x7800 | second) % 31 !== 0) continue
    const bytes = Buffer.from([0x78, second, 0, 0xff ^ second, 0xff, 0x41])
    const error = await failureOf(bytes, ['Content-Encoding', 'deflate'], limit)
    t.match(error, { message: /two readings/ }, `second byte ${second}`)
  }
})
