/** Gives every byte the parity asked for by setting or clearing its top bit; the parity counts all eight bits. */
export function withParity(value: string, parity: 'even' | 'odd'): string {
  const topBitWhenOdd = parity === 'even' ? 0x80 : 0
  return mapBytes(value, (byte) => (byte & 0x7f) | (isOdd(byte) ? topBitWhenOdd : 0x80 - topBitWhenOdd))
}

/** Applies a function to every byte; the same string when none changes. */
export function mapBytes(value: string, map: (byte: number) => number): string {
  const bytes = Buffer.from(value, 'latin1')
  let changed = false
  for (const [i, byte] of bytes.entries()) {
    const mapped = map(byte)
    if (mapped !== byte) changed = true
    bytes[i] = mapped
  }
  return changed ? bytes.toString('latin1') : value
}

function isOdd(byte: number): boolean {
  let folded = byte ^ (byte >> 4)
  folded ^= folded >> 2
  return ((folded ^ (folded >> 1)) & 1) === 1
}
