import type { TransformationWord } from './transformation.ts'

const sequence = /[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}/g

/**
 * UTF-8 sequences as `%uHHHH`, for urlDecodeUni to map. Overlong forms and surrogates are decoded as well: they are how
 * `/` is smuggled past a filter. Bytes that belong to no sequence stay.
 */
export const utf8ToUnicode: TransformationWord = {
  name: 'utf8toUnicode',
  transform: (value) => (/[\xc0-\xf7]/.test(value) ? encode(value) : value),
}

function encode(value: string): string {
  return value.replace(sequence, (bytes) => `%u${decodeSequence(bytes).toString(16).padStart(4, '0')}`)
}

function decodeSequence(bytes: string): number {
  let codePoint = bytes.charCodeAt(0) & (0x7f >> bytes.length)
  for (let i = 1; i < bytes.length; i++) codePoint = (codePoint << 6) | (bytes.charCodeAt(i) & 0x3f)
  return codePoint
}
