import { lowerAscii } from './lowercase.ts'
import type { TransformationWord } from './transformation.ts'

/**
 * What a shell would make of a command line: no quotes, backslashes and carets, separators as one space, none before `/`
 * and `(`, lower case. Defeats `c^at`, `"cat"` and `cat,/etc/passwd`.
 */
export const cmdLine: TransformationWord = {
  name: 'cmdLine',
  transform: (value) =>
    lowerAscii(
      value
        .replace(/["'\\^]+/g, '')
        .replace(/[,;\t\r\n][ ,;\t\r\n]*| [ ,;\t\r\n]+/g, ' ')
        .replace(/ (?=[/(])/g, ''),
    ),
}
