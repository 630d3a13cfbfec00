import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import type { RawHeaders } from '../http.ts'

/** Node's functions, as far as they are used here; with `info` the result says how much was read. */
type Decompress = (
  bytes: Buffer,
  options: { maxOutputLength: number; info: true },
  done: (error: Error | null, result: unknown) => void,
) => void

/** By the bytes: `deflate` is zlib's format by the book, and raw deflate by many senders. */
const decoders: Readonly<Record<string, (bytes: Buffer) => Decompress>> = {
  gzip: () => gunzip as Decompress, // its types do not know `info`; so with the others
  'x-gzip': () => gunzip as Decompress,
  br: () => brotliDecompress as Decompress,
  zstd: () => zstdDecompress as Decompress,
  deflate: (bytes) => (isZlib(bytes) ? inflate : inflateRaw) as Decompress,
}

/** A decoded body may be this many times its coded size: real text stays under 30, a decompression bomb reaches 1,000. */
const MAX_RATIO = 200

export class UndecodableBody extends Error {}

/**
 * A body as the WAF has to see it: decompressed (RFC 9110 §8.4). Throws UndecodableBody for stacked, unknown or broken
 * codings, for what grows beyond the limit, and for bytes behind the end, which another decoder may go on to read: the WAF
 * cannot look through it.
 */
export async function decodeBody(bytes: Buffer, headers: RawHeaders, limitBytes: number): Promise<Buffer> {
  const coding = codingOf(headers)
  if (coding === undefined) return bytes
  const decompress = Object.hasOwn(decoders, coding) ? decoders[coding]?.(bytes) : undefined
  if (decompress === undefined) throw new UndecodableBody(`content coding ${coding}`)
  const maxOutputLength = Math.max(1, Math.min(limitBytes, bytes.length * MAX_RATIO))
  return new Promise((resolve, reject) => {
    decompress(bytes, { maxOutputLength, info: true }, (error, result) => {
      if (error !== null) return reject(new UndecodableBody(`${coding} body that is broken or grows beyond its limit`))
      const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } } // because of `info`
      if (engine.bytesWritten === bytes.length) resolve(buffer)
      else reject(new UndecodableBody(`bytes behind the end of a ${coding} body`))
    })
  })
}

/** In lower case; several are joined by commas. `undefined` where there is none. */
export function codingOf(headers: RawHeaders): string | undefined {
  const codings: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] ?? '').toLowerCase() === 'content-encoding')
      codings.push((headers[i + 1] ?? '').trim().toLowerCase())
  }
  const all = codings.join(',')
  return all === '' || all === 'identity' ? undefined : all
}

/** Of a body that says `deflate`. Throws UndecodableBody where raw deflate would do as well: two decoders could find different contents. */
export function isZlib(bytes: Buffer): boolean {
  const [first = 0, second = 0] = bytes
  if ((first & 0x0f) !== 8 || ((first << 8) | second) % 31 !== 0) return false
  // Such a first byte begins a stored block in raw deflate, which says its length and the complement of it (RFC 1951 §3.2.4).
  const isStoredBlock = bytes.length >= 5 && (bytes.readUInt16LE(1) ^ bytes.readUInt16LE(3)) === 0xffff
  if (isStoredBlock) throw new UndecodableBody('deflate body with two readings')
  return true
}
