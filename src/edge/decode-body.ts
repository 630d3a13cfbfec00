import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import { EdgeError } from '../errors.ts'
import { findHeader, type RawHeaders } from '../http.ts'

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
  deflate: inflateEither,
} as const

/** A decoded body may be this many times its coded size: real text stays under 30, a decompression bomb reaches 1,000. */
const MAX_RATIO = 200

/** Character sets in which an attack does not look like one byte for byte (CRS CVE-2026-21876 is of this kind). */
const opaqueCharset = /charset\s*=\s*["']?\s*(?:utf-?7|utf-?16|utf-?32|ucs-?[24]|unicode-1-1-utf-7|ibm037|cp037)/i

export class UndecodableBody extends Error {}

/**
 * A body as the WAF has to see it: decompressed (RFC 9110 §8.4). Throws UndecodableBody for stacked, unknown or broken
 * codings and for what grows beyond the limit: the WAF cannot look through it.
 */
export async function decodeBody(bytes: Buffer, headers: RawHeaders, limitBytes: number): Promise<Buffer> {
  const coding = codingOf(headers)
  if (coding === undefined) return bytes
  if (!isKnown(coding)) throw new UndecodableBody(`content coding ${coding}`)
  const maxOutputLength = Math.max(1, Math.min(limitBytes, bytes.length * MAX_RATIO))
  try {
    return await decoders[coding](bytes, { maxOutputLength })
  } catch {
    throw new UndecodableBody(`${coding} body that is broken or grows beyond its limit`)
  }
}

/** Throws EdgeError ACME_EDGE_REQUEST_CODING (415) when a request's body could not be inspected whatever it holds. */
export function checkCharset(headers: RawHeaders): void {
  const type = findHeader(headers, 'content-type')
  if (type !== undefined && opaqueCharset.test(type)) {
    throw new EdgeError('ACME_EDGE_REQUEST_CODING', 'a character set that the WAF cannot read')
  }
}

function codingOf(headers: RawHeaders): string | undefined {
  const codings: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] ?? '').toLowerCase() === 'content-encoding')
      codings.push((headers[i + 1] ?? '').trim().toLowerCase())
  }
  const all = codings.join(',')
  return all === '' || all === 'identity' ? undefined : all
}

function isKnown(coding: string): coding is keyof typeof decoders {
  return Object.hasOwn(decoders, coding)
}

/** `deflate` is zlib's format by the book, and raw deflate by many senders. */
async function inflateEither(bytes: Buffer, options: { maxOutputLength: number }): Promise<Buffer> {
  const isZlib = ((bytes[0] ?? 0) & 0x0f) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0
  return promisify(isZlib ? inflate : inflateRaw)(bytes, options) as Promise<Buffer> // promisify loses the overload
}
