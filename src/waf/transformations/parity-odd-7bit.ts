import { withParity } from './parity.ts'
import type { TransformationWord } from './transformation.ts'

/** Sets the top bit of each byte so that its number of ones is odd. */
export const parityOdd7bit: TransformationWord = {
  name: 'parityOdd7bit',
  transform: (value) => withParity(value, 'odd'),
}
