import { withParity } from './parity.ts'
import type { TransformationWord } from './transformation.ts'

/** Sets the top bit of each byte so that its number of ones is even. */
export const parityEven7bit: TransformationWord = {
  name: 'parityEven7bit',
  transform: (value) => withParity(value, 'even'),
}
