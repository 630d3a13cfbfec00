import { textTree } from '../prefilter/pattern-tree.ts'
import type { OperatorWord } from './operator.ts'

const broken = /%(?![0-9A-Fa-f]{2})/

/** Matches a value with a `%` that two hex digits do not follow. */
export const validateUrlEncoding: OperatorWord = {
  name: 'validateUrlEncoding',
  argument: 'none',
  compile: () => ({
    requires: () => textTree('%'),
    test: (value) => broken.test(value),
    locate: (value) => {
      const offset = value.search(broken)
      return [{ offset, length: value.length - offset }]
    },
  }),
}
