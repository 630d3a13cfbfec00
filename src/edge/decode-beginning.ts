import type { Transform } from 'node:stream'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import type { RawHeaders } from '../http.ts'
import { codingOf, isZlib, UndecodableBody } from './decode-body.ts'

const zlib = { finishFlush: constants.Z_SYNC_FLUSH }
/** Each does without the end of its input. */
const decoders: Readonly<Record<string, (bytes: Buffer) => Transform>> = {
  gzip: () => createGunzip(zlib),
  'x-gzip': () => createGunzip(zlib),
  br: () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdDecompress({ finishFlush: constants.ZSTD_e_flush }),
  deflate: (bytes) => (isZlib(bytes) ? createInflate(zlib) : createInflateRaw(zlib)),
}

/**
 * The first bytes of a body as the WAF has to see it, where they are enough: of one that goes on, or that grows beyond the
 * limit, what is left is not decompressed. Throws UndecodableBody for unknown and broken codings.
 */
export async function decodeBeginning(bytes: Buffer, headers: RawHeaders, limitBytes: number): Promise<Buffer> {
  const coding = codingOf(headers)
  if (coding === undefined) return bytes.subarray(0, limitBytes)
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding]?.(bytes) : undefined
  if (decoder === undefined) throw new UndecodableBody(`content coding ${coding}`)
  const chunks: Buffer[] = []
  let size = 0
  try {
    decoder.end(bytes)
    for await (const chunk of decoder) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= limitBytes) break // destroys the decoder
    }
  } catch {
    throw new UndecodableBody(`${coding} body that is broken`)
  }
  return Buffer.concat(chunks).subarray(0, limitBytes)
}
