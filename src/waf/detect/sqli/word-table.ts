import { functionNames } from './functions.ts'
import type { TokenType } from './token.ts'
import { phraseTypes, wordTypes } from './words.ts'

/** A word that SQL knows, by itself or in a phrase. */
export interface Word {
  /** In lower case. */
  readonly text: string
  /** The part that it plays by itself; `undefined` for a name. */
  readonly type: TokenType | undefined
  readonly isFunction: boolean
  /** With an opening parenthesis behind it, it is a call and nothing else. */
  readonly isCall: boolean
}

/** Words before a parenthesis that is a list or an operand, though databases have functions of that name. */
const operatorsInFront = new Set([
  'in',
  'any',
  'all',
  'some',
  'not',
  'exists',
  'values',
  'using',
  'between',
  'mod',
  'over',
])

/** What the letters of a word come to, whatever their case, one after the other from 0 on. */
export function hashLetter(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + (byte | 0x20)) | 0
}

const all = new Set([
  ...wordTypes.keys(),
  ...functionNames,
  ...[...phraseTypes.keys()].flatMap((text) => text.split(' ')),
])
const PLACES = 4096 // a power of two; a sixth of it is taken
const table = new Array<Word | undefined>(PLACES).fill(undefined)
for (const text of all) table[freePlace(text)] = wordOf(text)

function freePlace(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = hashLetter(hash, text.charCodeAt(i))
  let place = placeOf(hash)
  while (table[place] !== undefined) place = (place + 1) & (PLACES - 1)
  return place
}

function placeOf(hash: number): number {
  return (hash ^ (hash >>> 12)) & (PLACES - 1)
}

function wordOf(text: string): Word {
  const type = wordTypes.get(text)
  const isFunction = functionNames.has(text)
  return { text, type, isFunction, isCall: isFunction && type !== 'E' && type !== 'U' && !operatorsInFront.has(text) }
}

/** The word from `start` to `end` of a value, in any case: no string is made of what is no word of SQL, as most are. */
export function findWord(value: string, start: number, end: number, hash: number): Word | undefined {
  for (let place = placeOf(hash); ; place = (place + 1) & (PLACES - 1)) {
    const word = table[place]
    if (word === undefined || isSpelled(word.text, value, start, end)) return word
  }
}

function isSpelled(text: string, value: string, start: number, end: number): boolean {
  if (text.length !== end - start) return false
  for (let i = 0; i < text.length; i++) {
    // Of what a word can hold, only the two cases of a letter are told apart by this bit.
    if ((value.charCodeAt(start + i) | 0x20) !== (text.charCodeAt(i) | 0x20)) return false
  }
  return true
}
