import type { TransformationWord } from './transformation.ts'

/** SQL's `0x414243` literals as the bytes that they stand for. */
export const sqlHexDecode: TransformationWord = {
  name: 'sqlHexDecode',
  transform: (value) =>
    value.replace(/0[xX]((?:[0-9A-Fa-f]{2})+)/g, (_match, hex: string) => Buffer.from(hex, 'hex').toString('latin1')),
}
