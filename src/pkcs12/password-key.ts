import { createHash } from 'node:crypto'

/** What a derived value is for (RFC 7292, appendix B.3). */
export type Purpose = 'key' | 'iv' | 'mac'

const purposeIds: Readonly<Record<Purpose, number>> = { key: 1, iv: 2, mac: 3 }
const blockBytes: Readonly<Record<string, number>> = { sha1: 64, sha256: 64, sha384: 128, sha512: 128 }

export interface Derivation {
  readonly digest: string
  readonly password: string
  readonly salt: Uint8Array
  readonly iterations: number
  readonly bytes: number
  readonly purpose: Purpose
}

/** The key derivation of PKCS#12 itself (RFC 7292, appendix B.2): for the MAC, and for ciphers of before PBES2. */
export function deriveFromPassword({ digest, password, salt, iterations, bytes, purpose }: Derivation): Buffer {
  const v = blockBytes[digest] ?? 64
  const diversifier = Buffer.alloc(v, purposeIds[purpose])
  let input: Buffer = Buffer.concat([filled(salt, v), filled(bmp(password), v)])
  const made: Buffer[] = []
  for (let length = 0; length < bytes; ) {
    let block = createHash(digest).update(diversifier).update(input).digest()
    for (let i = 1; i < iterations; i++) block = createHash(digest).update(block).digest()
    made.push(block)
    length += block.length
    input = addToBlocks(input, filled(block, v), v)
  }
  return Buffer.concat(made).subarray(0, bytes)
}

/** Big-endian UTF-16 with a zero at the end (appendix B.1). */
function bmp(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf16le').swap16()
}

/** Repeated up to a multiple of a block; nothing stays nothing. */
function filled(bytes: Uint8Array, blockSize: number): Buffer {
  if (bytes.length === 0) return Buffer.alloc(0)
  return Buffer.alloc(blockSize * Math.ceil(bytes.length / blockSize), bytes)
}

/** Step 6C: each block of the input plus the last result plus one. */
function addToBlocks(input: Buffer, addend: Buffer, blockSize: number): Buffer {
  const sum = Buffer.from(input)
  for (let start = 0; start < sum.length; start += blockSize) {
    let carry = 1
    for (let i = blockSize - 1; i >= 0; i--) {
      carry += (sum[start + i] ?? 0) + (addend[i] ?? 0)
      sum[start + i] = carry & 0xff
      carry >>= 8
    }
  }
  return sum
}
