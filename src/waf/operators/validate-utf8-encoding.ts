import { isUtf8 } from 'node:buffer'
import { byteSet } from './byte-set.ts'
import type { OperatorWord } from './operator.ts'

/** Matches a value that is not UTF-8 as RFC 3629 §4 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
export const validateUtf8Encoding: OperatorWord = {
  name: 'validateUtf8Encoding',
  argument: 'none',
  compile: () => ({
    requires: () => ({ kind: 'set', set: byteSet([0x80, 0xff]) }),
    test: (value) => /[\x80-\xff]/.test(value) && !isUtf8(Buffer.from(value, 'latin1')),
  }),
}
