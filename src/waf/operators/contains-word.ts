import type { OperatorWord } from './operator.ts'

/** The argument stands in the value with no letter, digit or underscore on either side. */
export const containsWord: OperatorWord = {
  name: 'containsWord',
  argument: 'macro',
  compile: (argument) => ({ test: (value) => argument === '' || hasWord(value, argument) }),
}

function hasWord(value: string, word: string): boolean {
  for (let at = value.indexOf(word); at !== -1; at = value.indexOf(word, at + 1)) {
    if (!isWordByte(value, at - 1) && !isWordByte(value, at + word.length)) return true
  }
  return false
}

function isWordByte(value: string, index: number): boolean {
  return /\w/.test(value[index] ?? ' ')
}
