import type { TransformationWord } from './transformation.ts'

/**
 * Base64 up to the first byte that does not belong to it (line ends aside): what follows the encoded part does not keep
 * the part from being seen. Padding may be missing.
 */
export const base64Decode: TransformationWord = {
  name: 'base64Decode',
  transform: (value) => {
    const encoded = /^[A-Za-z0-9+/\r\n]*/.exec(value)?.[0] ?? ''
    return Buffer.from(encoded, 'base64').toString('latin1')
  },
}
