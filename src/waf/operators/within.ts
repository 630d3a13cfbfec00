import type { OperatorWord } from './operator.ts'

/** The value stands somewhere in the argument, which is also what its place counts in; an empty value always does. */
export const within: OperatorWord = {
  name: 'within',
  argument: 'macro',
  compile: (argument) => {
    const mayHold = pairsOf(argument)
    return {
      test: (value) => value.length <= argument.length && mayHold(value) && argument.includes(value),
      locate: (value) => (value === '' ? [] : [{ offset: argument.indexOf(value), length: value.length }]),
    }
  },
}

/** Tells most texts apart that stand nowhere in another one: some two bytes of theirs stand nowhere side by side in it. */
function pairsOf(text: string): (part: string) => boolean {
  const bits = new Uint32Array(32)
  for (let i = 1; i < text.length; i++) {
    const pair = hashOf(text, i)
    bits[pair >>> 5] = (bits[pair >>> 5] as number) | (1 << (pair & 31))
  }
  return (part) => {
    for (let i = 1; i < part.length; i++) {
      const pair = hashOf(part, i)
      if (((bits[pair >>> 5] as number) & (1 << (pair & 31))) === 0) return false
    }
    return true
  }
}

/** Of a byte and the one before it: 0 to 1023. */
function hashOf(text: string, i: number): number {
  return ((text.charCodeAt(i - 1) << 5) ^ text.charCodeAt(i)) & 1023
}
