/** One element of DER (ITU-T X.690 §8.1); tags of one byte, which is all that name constraints and CRL entries have. */
export interface DerElement {
  readonly tag: number
  readonly content: Buffer
}

export function encodeDer(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content])
}

/** The elements that lie one after the other in `bytes`; throws RangeError when the last one is cut short. */
export function decodeDer(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = []
  for (let at = 0; at < bytes.length; ) {
    const { length, start } = decodeLength(bytes, at + 1)
    if (start + length > bytes.length) throw new RangeError('a DER element is cut short')
    elements.push({ tag: bytes.readUInt8(at), content: bytes.subarray(start, start + length) })
    at = start + length
  }
  return elements
}

/** A number that is not negative, in as few bytes as it takes (X.690 §8.3.2). */
export function encodeDerInteger(value: bigint): Buffer {
  const digits = value.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  const isTakenForNegative = (bytes[0] ?? 0) >= 0x80
  return encodeDer(0x02, ...(isTakenForNegative ? [Buffer.from([0])] : []), bytes)
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const digits = length.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

function decodeLength(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes.readUInt8(at)
  if (first < 0x80) return { length: first, start: at + 1 }
  const size = first & 0x7f
  if (size < 1 || size > 4) throw new RangeError('a DER element has no usable length')
  return { length: bytes.readUIntBE(at + 1, size), start: at + 1 + size }
}
