import type { TransformationWord } from './transformation.ts'

/** Base64 as PHP reads it: bytes that do not belong to the alphabet are skipped, wherever they stand. */
export const base64DecodeExt: TransformationWord = {
  name: 'base64DecodeExt',
  transform: (value) => Buffer.from(value.replace(/[^A-Za-z0-9+/]+/g, ''), 'base64').toString('latin1'),
}
