import { mapBytes } from './parity.ts'
import type { TransformationWord } from './transformation.ts'

/** Clears the top bit of each byte. */
export const parityZero7bit: TransformationWord = {
  name: 'parityZero7bit',
  transform: (value) => mapBytes(value, (byte) => byte & 0x7f),
}
