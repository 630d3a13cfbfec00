/** Most results are shorter. */
const USUAL_BYTES = 4096
const usual = Buffer.alloc(USUAL_BYTES)

/** Room for a result while it is made: results are made one after the other, so that one place serves nearly all. */
export function roomFor(bytes: number): Buffer {
  return bytes <= USUAL_BYTES ? usual : Buffer.allocUnsafe(bytes)
}

/** Below this, a call out of JavaScript costs more than joining characters. */
const FEW_BYTES = 12

/** The first bytes as a string. */
export function textOf(bytes: Buffer, length: number): string {
  if (length > FEW_BYTES) return bytes.toString('latin1', 0, length)
  let text = ''
  let i = 0
  for (; i + 3 < length; i += 4) {
    text += String.fromCharCode(bytes[i] ?? 0, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0, bytes[i + 3] ?? 0)
  }
  for (; i < length; i++) text += String.fromCharCode(bytes[i] ?? 0)
  return text
}
