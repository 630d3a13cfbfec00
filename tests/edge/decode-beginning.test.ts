import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { decodeBeginning } from '../../src/edge/decode-beginning.ts'
import { UndecodableBody } from '../../src/edge/decode-body.ts'

const text = Buffer.from(Array.from({ length: 50_000 }, (_, i) => `line ${(i * 7919) % 1009}\n`).join(''))
const codings: Readonly<Record<string, readonly ((text: Buffer) => Buffer)[]>> = {
  gzip: [gzipSync],
  br: [brotliCompressSync],
  zstd: [zstdCompressSync],
  deflate: [deflateSync, deflateRawSync],
}

t.test('the beginning is decompressed, however the body goes on', async (t) => {
  for (const [coding, compressors] of Object.entries(codings)) {
    for (const compress of compressors) {
      const headers = ['Content-Encoding', coding]
      const coded = compress(text)
      t.ok((await decodeBeginning(coded, headers, 1_000)).equals(text.subarray(0, 1_000)), `${coding}: limit`)
      t.ok((await decodeBeginning(coded, headers, 1_000_000)).equals(text), `${coding}: whole`)
      const cut = await decodeBeginning(coded.subarray(0, coded.length - 20), headers, 1_000_000)
      t.ok(cut.length > 1_000 && text.subarray(0, cut.length).equals(cut), `${coding}: cut, ${cut.length} bytes`)
    }
  }
  t.equal((await decodeBeginning(text, [], 10)).length, 10)
})

t.test('a bomb stops at the limit; what is broken or unknown is said so', async (t) => {
  const bomb = gzipSync(Buffer.alloc(100_000_000))
  t.equal((await decodeBeginning(bomb, ['Content-Encoding', 'gzip'], 1_000)).length, 1_000)
  for (const [coding, bytes] of [
    ['gzip', text],
    ['compress', text],
    ['gzip, gzip', gzipSync(gzipSync(text))],
  ] as const) {
    const error = await decodeBeginning(bytes, ['Content-Encoding', coding], 1_000).catch((reason: unknown) => reason)
    t.ok(error instanceof UndecodableBody, coding)
  }
})
