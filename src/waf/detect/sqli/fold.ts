import type { Token, TokenType } from './token.ts'
import { ambiguousStatements } from './words.ts'

/** What is left of a value's tokens when everything that changes nothing in a query's shape is taken away. */
export interface Folded {
  /** At most five. */
  readonly tokens: readonly Token[]
  /** How many tokens went in, as far as they were read. */
  readonly read: number
  /** Comparisons (`=`, `<`, `like` …) among them, and comments that were taken away. */
  readonly comparisons: number
  readonly comments: number
  /** Two names or more that stand side by side, as in prose. */
  readonly adjacentNames: number
  /** `union select`, `waitfor delay`, `declare @x` somewhere among the first tokens: no other text has these. */
  readonly isUnmistakable: boolean
}

const longest = 5
/** Rules look at most this far back, so that what lies before it can no longer change. */
const horizon = longest + 3

const unary = new Set(['-', '+', '~', '!', '@', 'not'])
const comparing = /(?:like|regexp|between|in|is|null|similar to|is not|from)$/
const comparingMarks = '<>=!'
/** After these no value has been written yet, so that a sign is one of the value to come. */
const beforeOperand: ReadonlySet<TokenType> = new Set(['o', '&', ',', '(', 'E', 'k', 'B', 'U', ';', 'T', 'f'])

/** How many tokens are looked at for what is unmistakable, which bounds the work on a long value. */
const farthest = 40

/**
 * Takes signs, casts, comments, arithmetic, lists and repeated parentheses away; stops once five tokens are settled.
 *
 * @param extent `far`: behind these it goes on to look for what is unmistakable
 */
export function fold(next: () => Token | undefined, extent: 'far' | 'short' = 'far'): Folded {
  const least = extent === 'far' ? farthest : 0
  const kept: Token[] = []
  let [read, comparisons, comments, adjacentNames] = [0, 0, 0, 0]
  let [isUnmistakable, trailing, ahead, opening] = [false, emptyToken(), next(), emptyToken()]
  while (ahead && (kept.length < horizon || read < least)) {
    const current: Token = settle(ahead, kept.at(-1))
    ahead = next()
    read++
    if (current.type === 'c') {
      comments++
      trailing = current
      continue
    }
    trailing = undefined
    if (read <= least && announces(opening, current, ahead)) isUnmistakable = true
    if (current.type !== '(') opening = current
    if (kept.length >= horizon) continue
    if (current.type === 'o' && isComparison(current.text)) comparisons++
    if (current.type === 'n' && kept.at(-1)?.type === 'n' && current.text !== '') adjacentNames++
    if (isIdle(kept, current, ahead)) continue
    kept.push(current)
    while (reduce(kept, ahead)) {
      // each round takes at least one token away
    }
  }
  if (trailing && kept.length < longest) kept.push(trailing)
  return { tokens: kept.slice(0, longest), read, comparisons, comments, adjacentNames, isUnmistakable }
}

const emptyToken = (): Token | undefined => undefined

function isComparison(operator: string): boolean {
  return comparingMarks.includes(operator[0] ?? '') || (operator.length > 1 && comparing.test(operator))
}

/** Words that prose has too are names where no statement can begin. */
function settle(token: Token, before: Token | undefined): Token {
  if ((token.type !== 'E' && token.type !== 'T') || !ambiguousStatements.has(token.text)) return token
  const canBegin =
    before === undefined ? token.type === 'E' : before.type === 's' ? !before.isWhole : startsStatement.has(before.type)
  return canBegin ? token : { ...token, type: 'n' }
}

const startsStatement: ReadonlySet<TokenType> = new Set([';', '(', ')', 'T', 'E', ':', '}', '{'])

function announces(before: Token | undefined, current: Token, ahead: Token | undefined): boolean {
  if (current.type === 'E') return before?.type === 'U' && /^select(?: |$)/.test(current.text)
  if (current.type === 'B') return /^into (?:out|dump)file$/.test(current.text) && ahead?.type === 's'
  if (current.type !== 'T' && current.type !== 'f') return false
  if (current.text === 'declare' && (ahead?.type === 'v' || before?.type === ';')) return true
  if (current.text.startsWith('waitfor ')) return ahead?.type === 's'
  if (current.type !== 'f' || before === undefined) return false
  if (waiting.test(current.text)) return before.type === 's' ? !before.isWhole : /^[-+*/|^]$/.test(before.text)
  return before.type === 'f' && probing.test(before.text) && probed.test(current.text)
}

/** What blind injection waits with, where a string was left or in a sum. */
const waiting = /^(?:sleep|pg_sleep|benchmark)$/

/** What blind injection asks with, and about what: `ascii(substring(…))`, `extractvalue(1,concat(…))`. */
const probing =
  /^(?:ascii|ord|hex|length|char_length|lower|upper|conv|cast|convert|benchmark|concat|substr|substring|mid|if|ifnull)$/
const probed =
  /^(?:substr|substring|mid|ascii|ord|version|user|database|load_file|char|chr|hex|group_concat|md5|cast|sleep|schema)$/

/** Sound: no text without these words is unmistakable, as `announces` sees it. */
export function mayBeUnmistakable(value: string): boolean {
  return announcing.test(value) || (value.includes('(') && calling.test(value))
}

const announcing = /select|declare|waitfor|(?:out|dump)file/i
const calling = new RegExp(`(?:${`${waiting.source}|${probing.source}`.replaceAll(/[\^$]/g, '')})[\\0- ]*\\(`, 'i')

/** Whether a token says nothing where it stands. */
function isIdle(kept: readonly Token[], current: Token, ahead: Token | undefined): boolean {
  const before = kept.at(-1)
  switch (current.type) {
    case 'o':
      return unary.has(current.text) && (before === undefined || beforeOperand.has(before.type))
    case '(':
      return before === undefined || before.type === '('
    case ')':
      return before?.type === ')'
    case ';':
      return before?.type === ';'
    case '.':
      return before !== undefined && (before.type === 'E' || before.type === 'n')
    case 't':
      return ahead !== undefined && (isOperand(ahead) || ahead.type === 's') && before?.type !== 'A'
    case 's':
      return before?.type === 's' && before.isWhole
    case '}':
    case '\\':
      return true
    default:
      return false
  }
}

/** Makes the end of the list shorter where a rule applies. */
function reduce(kept: Token[], ahead: Token | undefined): boolean {
  const last = kept.at(-1)
  const before = kept.at(-2)
  if (last === undefined || before === undefined) return false
  if (last.text === 'binary' && beforeOperand.has(before.type)) return drop(kept, 1)
  if (before.type === 'o' && before.text === '::') return drop(kept, 2)
  const third = kept.at(-3)
  if (third === undefined) return false
  if (last.type === ')' && isOperand(before) && third.type === '(') return openParenthesis(kept, before)
  if (before.type === '{' || (third.type === '{' && before.type === 'n')) return dropBrace(kept, last)
  if (ahead?.type === '(' || ahead?.type === '.') return false
  if (isChain(kept)) return drop(kept, 2)
  if (!isOperand(third)) return false
  if (before.type === 'o' && isOperand(last) && before.text !== 'is null') return drop(kept, 2)
  return before.type === ',' && (isOperand(last) || last.type === 's') ? drop(kept, 2) : false
}

/** `a or b and c` is `a or c`; `'a' + b + …` is `'a' + …`. */
function isChain(kept: readonly Token[]): boolean {
  const { length } = kept
  const [last, before] = [kept[length - 1], kept[length - 2]]
  const [third, fourth] = [kept[length - 3], kept[length - 4]]
  if (!fourth || !third || !before || !last) return false
  if (last.type === 'o') return before.type !== 's' && isOperand(before) && third.type === 'o' && fourth.type === 's'
  return isOperand(last) && before.type === '&' && isOperand(third) && fourth.type === '&'
}

const isOperand = ({ type }: Token): boolean => type === 'n' || type === '1' || type === 'v'

function drop(kept: Token[], count: number): boolean {
  for (let taken = 0; taken < count; taken++) kept.pop()
  return true
}

/** `1 - (2)` is `1 - 2`; after a name or keyword the parentheses mean more. */
function openParenthesis(kept: Token[], inner: Token): boolean {
  const outer = kept.at(-4)
  if (outer !== undefined && outer.type !== 'o' && outer.type !== ',') return false
  if (outer?.type === 'o' && /[a-z]/.test(outer.text) && outer.text !== 'mod' && outer.text !== 'div') return false
  kept.splice(-3, 3, inner)
  return true
}

/** ODBC's and MySQL's `{name value}` is the value. */
function dropBrace(kept: Token[], last: Token): boolean {
  if (!isOperand(last) && last.type !== 's') return false
  const from = kept.findLastIndex((token) => token.type === '{')
  if (kept.length - from !== 3) return false
  kept.splice(from, 3, last)
  return true
}
