import { byteAt, endOfDollarString, endOfNumber, endOfQuotedString, endOfString } from './read-literal.ts'
import type { Reading, Token, TokenType } from './token.ts'
import { findWord, hashLetter, type Word } from './word-table.ts'

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
  return byte <= 0x20 || (byte === 0xa0 && !isHalfLetter(value, at))
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

const isLetter = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte >= 0x80

const isWordByte = (byte: number): boolean => isLetter(byte) || isDigit(byte)

/** By byte: 1 where a word goes on with it, A0 aside. */
const goesOn = Uint8Array.from({ length: 256 }, (_, byte) =>
  isWordByte(byte) || byte === 0x2e || byte === 0x24 ? 1 : 0,
)
goesOn[0xa0] = 0

/** Whether a word goes on: A0 belongs to it where a byte of UTF-8 that can stand before it does. */
function isInWord(value: string, at: number): boolean {
  const byte = value.charCodeAt(at)
  return goesOn[byte & 0xff] === 1 || (byte === 0xa0 && isHalfLetter(value, at))
}

/** Above 7F a byte of UTF-8 that can stand before A0 makes one letter of both. */
function isHalfLetter(value: string, at: number): boolean {
  return at > 0 && value.charCodeAt(at - 1) >= 0xc2
}

function token(type: TokenType, start: number, end: number, text = ''): Token {
  return { type, start, end, text, isWhole: true }
}

function readNumber(value: string, start: number): Token {
  const end = endOfNumber(value, start)
  // `0x` and `1e` with nothing behind are names to every database.
  if (isNumberMark(byteAt(value, end)) && !isWordByte(byteAt(value, end + 1)))
    return readNumberLikeName(value, start, end + 1)
  return token('1', start, end)
}

/** `e`, `E`, `x` or `X`. */
const isNumberMark = (byte: number): boolean => (byte | 0x20) === 0x65 || (byte | 0x20) === 0x78

/** MySQL skips `1.e` before a qualified name, which hid names from filters. */
function readNumberLikeName(value: string, start: number, end: number): Token {
  if (byteAt(value, end) !== 0x2e) return token('n', start, end)
  let behind = end + 1
  while (behind < value.length && isInWord(value, behind)) behind++
  return token('n', start, behind)
}

/** No word of SQL is as long. */
const LONGEST_WORD = 64
/** Stands for the text of a name, which does not matter. */
const NAME = 'name'

function readWord(value: string, start: number, reading: Reading): Token {
  const { length } = value
  let end = start
  let hash = 0
  let dot = 0
  let hashAtDot = 0
  for (; end < length && isInWord(value, end); end++) {
    const byte = value.charCodeAt(end)
    if (byte === 0x2e && dot === 0) {
      dot = end
      hashAtDot = hash
    }
    hash = hashLetter(hash, byte)
    if (end - start < LONGEST_WORD || dot === 0) continue
    // Else the rest of a long word would be read again behind each of its dots.
    const first = readQualifier(value, start, dot, hashAtDot)
    if (first !== undefined) return first
    dot = 0
  }
  const behind = byteAt(value, end)
  const prefixed = behind === 0x27 || behind === 0x26 ? readPrefixedString(value, start, reading) : undefined
  if (prefixed) return prefixed
  const word = findWord(value, start, end, hash)
  const first = dot > 0 && !word?.isFunction ? readQualifier(value, start, dot, hashAtDot) : undefined
  if (first !== undefined) return first
  return word === undefined ? token('n', start, end, NAME) : token(typeOfWord(value, end, word), start, end, word.text)
}

/** A word of SQL that a name begins with, up to the dot. */
function readQualifier(value: string, start: number, dot: number, hash: number): Token | undefined {
  const word = findWord(value, start, dot, hash)
  return word?.type === undefined ? undefined : token(word.type, start, dot, word.text)
}

function typeOfWord(value: string, end: number, { type, isCall }: Word): TokenType {
  return isCall && isBeforeParenthesis(value, end) ? 'f' : (type ?? 'n')
}

function isBeforeParenthesis(value: string, from: number): boolean {
  let at = from
  while (at < value.length && value.charCodeAt(at) <= 0x20) at++
  return byteAt(value, at) === 0x28
}

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
  const next = byteAt(value, start + 1)
  switch (value[start]) {
    case "'":
    case '"':
      return readString(value, start, value[start] ?? '', reading)
    case '`':
      return readQuotedName(value, start, '`')
    case '[':
      return readQuotedName(value, start, ']')
    case '@':
      return readVariable(value, start, reading)
    case '/':
      return next === 0x2a ? readBlockComment(value, start) : readSymbol(value, start)
    case '-':
      return next === 0x2d && isComment(value, start, reading)
        ? readLineComment(value, start, '--')
        : readSymbol(value, start)
    case '#':
      return reading.dialect === 'mysql' ? readLineComment(value, start, '#') : readSymbol(value, start)
    case '$':
      return readDollar(value, start)
    case '.':
      return isDigit(next) ? token('1', start, endOfNumber(value, start)) : readSymbol(value, start)
    case '\\':
      return next === 0x4e ? token('1', start, start + 2) : token('\\', start, start + 1)
    default:
      return readSymbol(value, start)
  }
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
/** By byte: 1 where it is the second one of a compound. Most marks are followed by something else. */
const isSecond = Uint8Array.from({ length: 256 }, (_, byte) => ('|&=<>:'.includes(String.fromCharCode(byte)) ? 1 : 0))

function readSymbol(value: string, start: number): Token {
  const mark = value[start] ?? ''
  if (isSecond[byteAt(value, start + 1)] === 1) {
    const pair = mark + (value[start + 1] ?? '')
    if (compounds.has(pair)) return readCompound(value, start, pair)
  }
  return token(marks.get(mark) ?? '?', start, start + 1, mark)
}

function readCompound(value: string, start: number, pair: string): Token {
  if (pair === '<=' && value[start + 2] === '>') return token('o', start, start + 3, '<=>')
  return token(pair === '||' || pair === '&&' ? '&' : 'o', start, start + 2, pair)
}

const marks: ReadonlyMap<string, TokenType> = new Map<string, TokenType>([
  ...[...'-+*/%=<>!~^|&#'].map((mark) => [mark, 'o'] as const),
  ...(['(', ')', ',', ';', '.', ':', '{', '}'] as const).map((mark) => [mark, mark] as const),
])
