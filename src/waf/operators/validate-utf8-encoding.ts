import type { OperatorWord } from './operator.ts'

/** Matches a value that is not UTF-8 as RFC 3629 §4 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
export const validateUtf8Encoding: OperatorWord = {
  name: 'validateUtf8Encoding',
  argument: 'none',
  compile: () => ({ test: (value) => /[\x80-\xff]/.test(value) && !isUtf8(value) }),
}

function isUtf8(value: string): boolean {
  const character =
    /[\0-\x7f]+|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/y
  while (character.lastIndex < value.length) if (!character.test(value)) return false
  return true
}
