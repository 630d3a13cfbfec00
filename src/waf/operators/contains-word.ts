import { textTree } from '../prefilter/pattern-tree.ts'
import type { OperatorWord } from './operator.ts'

/** The argument stands in the value with no letter, digit or underscore on either side. */
export const containsWord: OperatorWord = {
  name: 'containsWord',
  argument: 'macro',
  compile: (argument) => ({
    requires: () => textTree(argument),
    test: (value) => argument === '' || findWord(value, argument) >= 0,
    locate: (value) => [{ offset: argument === '' ? 0 : findWord(value, argument), length: argument.length }],
  }),
}

/** Its offset, or -1. */
function findWord(value: string, word: string): number {
  for (let at = value.indexOf(word); at !== -1; at = value.indexOf(word, at + 1)) {
    if (!isWordByte(value, at - 1) && !isWordByte(value, at + word.length)) return at
  }
  return -1
}

function isWordByte(value: string, index: number): boolean {
  return /\w/.test(value[index] ?? ' ')
}
