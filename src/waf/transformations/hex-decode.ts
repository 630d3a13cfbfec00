import type { TransformationWord } from './transformation.ts'

/** Pairs of hex digits as bytes. A value that is not wholly such pairs stays: emptying it would hide it from the rule. */
export const hexDecode: TransformationWord = {
  name: 'hexDecode',
  transform: (value) =>
    value.length % 2 === 0 && /^[0-9A-Fa-f]*$/.test(value) ? Buffer.from(value, 'hex').toString('latin1') : value,
}
