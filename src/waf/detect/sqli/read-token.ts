import { functionNames } from './functions.ts'
import { endOfDollarString, endOfNumber, endOfQuotedString, endOfString } from './read-literal.ts'
import type { Reading, Token, TokenType } from './token.ts'
import { wordTypes } from './words.ts'

/** The token at `from` or behind the blanks there; `undefined` at the end of the value. */
export function readToken(value: string, from: number, reading: Reading): Token | undefined {
  const start = skipBlanks(value, from)
  if (start >= value.length) return undefined
  const byte = value.charCodeAt(start)
  if (isWordByte(byte)) return isDigit(byte) ? readNumber(value, start) : readWord(value, start, reading)
  return readMark(value, start, reading)
}

/** The string that the query opened before the value began. */
export function readOpenString(value: string, quote: string, reading: Reading): Token {
  const end = endOfString(value, 0, quote, reading.escapes)
  return { type: 's', start: 0, end: end < 0 ? value.length : end, text: '', isWhole: false }
}

function skipBlanks(value: string, from: number): number {
  let at = from
  while (at < value.length && isBlank(value, at)) at++
  return at
}

/** MySQL takes A0 for a blank; inside UTF-8 it is half a letter. */
function isBlank(value: string, at: number): boolean {
  const byte = value.charCodeAt(at)
  return byte <= 0x20 || (byte === 0xa0 && !(value.charCodeAt(at - 1) >= 0xc2))
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

const isLetter = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte >= 0x80

const isWordByte = (byte: number): boolean => isLetter(byte) || isDigit(byte)

function token(type: TokenType, start: number, end: number, text = ''): Token {
  return { type, start, end, text, isWhole: true }
}

function readNumber(value: string, start: number): Token {
  const end = endOfNumber(value, start)
  // `0x` and `1e` with nothing behind are names to every database.
  if (isNumberMark(value.charCodeAt(end)) && !isWordByte(value.charCodeAt(end + 1)))
    return readNumberLikeName(value, start, end + 1)
  return token('1', start, end)
}

/** `e`, `E`, `x` or `X`. */
const isNumberMark = (byte: number): boolean => (byte | 0x20) === 0x65 || (byte | 0x20) === 0x78

/** MySQL skips `1.e` before a qualified name, which hid names from filters. */
function readNumberLikeName(value: string, start: number, end: number): Token {
  if (value[end] !== '.') return token('n', start, end)
  word.lastIndex = end + 1
  return token('n', start, word.test(value) ? word.lastIndex : end + 1)
}

// A0 belongs to a word where a byte of UTF-8 that can stand before it does.
const word = /(?:[A-Za-z0-9_$.\x80-\x9f\xa1-\xff]|(?<=[\xc2-\xff])\xa0)+/y
const afterBlanks = /[\0-\x20]*\(/y

function readWord(value: string, start: number, reading: Reading): Token {
  word.lastIndex = start
  word.test(value)
  const end = word.lastIndex
  const behind = value[end]
  const prefixed = behind === "'" || behind === '&' ? readPrefixedString(value, start, reading) : undefined
  if (prefixed) return prefixed
  const text = value.slice(start, Math.min(end, start + 64)).toLowerCase()
  const dot = text.indexOf('.')
  if (dot > 0 && !functionNames.has(text) && wordTypes.has(text.slice(0, dot))) {
    return token(wordTypes.get(text.slice(0, dot)) ?? 'n', start, start + dot, text.slice(0, dot))
  }
  return token(typeOfWord(value, end, text), start, end, text)
}

function typeOfWord(value: string, end: number, text: string): TokenType {
  const type = wordTypes.get(text)
  if (functionNames.has(text) && type !== 'E' && type !== 'U' && !operatorsInFront.has(text)) {
    afterBlanks.lastIndex = end
    if (afterBlanks.test(value)) return 'f'
  }
  return type ?? 'n'
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

const stringPrefix = /(?:(n?q)|u&|([bx])|[en]|_[a-z0-9]+)(?=')/iy

/** `N'…'`, `E'…'`, `U&'…'`, `X'41'`, `q'[…]'`: a string or number with its kind before it. */
function readPrefixedString(value: string, start: number, reading: Reading): Token | undefined {
  stringPrefix.lastIndex = start
  const match = stringPrefix.exec(value)
  if (match === null) return undefined
  const quote = start + match[0].length
  if (match[1] !== undefined) {
    const end = endOfQuotedString(value, quote)
    return end === quote ? undefined : token('s', start, end)
  }
  const end = endOfString(value, quote + 1, "'", reading.escapes)
  if (end < 0 || match[0].startsWith('_')) return undefined
  if (match[2] === undefined) return token('s', start, end)
  return /^[0-9a-f]*$/i.test(value.slice(quote + 1, end - 1)) ? token('1', start, end) : undefined
}

function readMark(value: string, start: number, reading: Reading): Token {
  const mark = value[start] ?? ''
  const next = value[start + 1] ?? ''
  if (mark === "'" || mark === '"') return readString(value, start, mark, reading)
  if (mark === '`' || mark === '[') return readQuotedName(value, start, mark === '[' ? ']' : '`')
  if (mark === '@') return readVariable(value, start, reading)
  if (mark === '/' && next === '*') return readBlockComment(value, start)
  if (mark === '-' && next === '-' && isComment(value, start, reading)) return readLineComment(value, start, '--')
  if (mark === '#' && reading.dialect === 'mysql') return readLineComment(value, start, '#')
  if (mark === '$') return readDollar(value, start)
  if (mark === '.' && isDigit(value.charCodeAt(start + 1))) return token('1', start, endOfNumber(value, start))
  if (mark === '\\') return next === 'N' ? token('1', start, start + 2) : token('\\', start, start + 1)
  return readSymbol(value, start)
}

function isComment(value: string, start: number, reading: Reading): boolean {
  return reading.dialect === 'standard' || start + 2 >= value.length || isBlank(value, start + 2)
}

function readString(value: string, start: number, quote: string, reading: Reading): Token {
  const end = endOfString(value, start + 1, quote, reading.escapes)
  return { type: 's', start, end: end < 0 ? value.length : end, text: '', isWhole: end >= 0 }
}

function readQuotedName(value: string, start: number, close: string): Token {
  const end = value.indexOf(close, start + 1)
  return token('n', start, end < 0 ? value.length : end + 1)
}

const variable = /@{1,2}[A-Za-z0-9_.$\x80-\xff]*/y

function readVariable(value: string, start: number, reading: Reading): Token {
  variable.lastIndex = start
  variable.test(value)
  const end = variable.lastIndex
  const quote = value[end] ?? ''
  if (!/[@]$/.test(value.slice(start, end)) || !/['"`]/.test(quote)) return token('v', start, end)
  const close = endOfString(value, end + 1, quote, reading.escapes)
  return token('v', start, close < 0 ? value.length : close)
}

function readBlockComment(value: string, start: number): Token {
  const close = value.indexOf('*/', start + 2)
  const end = close < 0 ? value.length : close + 2
  // MySQL runs what stands in `/*!…*/`; whether comments nest differs, which hides code from one of two readers.
  const inner = value.indexOf('/*', start + 2)
  const isCode = value[start + 2] === '!' || (close >= 0 && inner >= 0 && inner < close)
  return token(isCode ? 'X' : 'c', start, end, '/*')
}

function readLineComment(value: string, start: number, text: string): Token {
  const end = value.indexOf('\n', start)
  return token('c', start, end < 0 ? value.length : end, text)
}

function readDollar(value: string, start: number): Token {
  const end = endOfDollarString(value, start)
  if (end > start) return token('s', start, end)
  const number = endOfNumber(value, start)
  return number > start ? token('1', start, number) : token('n', start, start + 1)
}

const compounds = new Set(['||', '&&', '<=', '>=', '<>', '!=', ':=', '::', '<<', '>>', '==', '!<', '!>', '^=', '<=>'])
const operators = new Set('-+*/%=<>!~^|&#')

function readSymbol(value: string, start: number): Token {
  const mark = value[start] ?? ''
  const pair = mark + (value[start + 1] ?? '')
  if (compounds.has(pair)) return readCompound(value, start, pair)
  return token(operators.has(mark) ? 'o' : (marks.get(mark) ?? '?'), start, start + 1, mark)
}

function readCompound(value: string, start: number, pair: string): Token {
  if (pair === '<=' && value[start + 2] === '>') return token('o', start, start + 3, '<=>')
  return token(pair === '||' || pair === '&&' ? '&' : 'o', start, start + 2, pair)
}

const marks: ReadonlyMap<string, TokenType> = new Map(
  (['(', ')', ',', ';', '.', ':', '{', '}'] as const).map((mark) => [mark, mark] as const),
)
