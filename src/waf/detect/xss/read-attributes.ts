import { isDangerousAttribute } from './dangerous-attribute.ts'

/** What the attributes of a tag come to. */
export interface Attributes {
  readonly isDangerous: boolean
  /** Behind the `>` that closes the tag, or the end of the text. */
  readonly end: number
  /** The values in quotes that hold `<`: to another reader they are markup. */
  readonly nested: readonly string[]
}

/** Where the attributes stand: in a tag of the value's own, or in one of the page that the value was put into. */
export type Place = 'own' | 'injected'

const blanks = /[\0-\x20/]*/y
const name = /[^\0-\x20/>=][^\0-\x20/>=]*/y
const equals = /[\0-\x20]*=[\0-\x20]*/y
const bareValue = /[^\0-\x20>]*/y

/** Reads attributes as HTML §13.2.5.32 and what follows it say, from `from` to the `>` that closes the tag. */
export function readAttributes(text: string, from: number, place: Place): Attributes {
  const nested: string[] = []
  let at = from
  for (;;) {
    at = skip(blanks, text, at)
    if (at >= text.length) return { isDangerous: false, end: text.length, nested }
    if (text[at] === '>') return { isDangerous: false, end: at + 1, nested }
    const nameEnd = Math.max(skip(name, text, at), at + 1)
    const attribute = text.slice(at, Math.min(nameEnd, at + 64)).toLowerCase()
    const valueStart = skip(equals, text, nameEnd)
    at = nameEnd
    if (valueStart === nameEnd) continue
    const value = readValue(text, valueStart)
    at = value.end
    if (isDangerousAttribute(attribute, value.text, place)) return { isDangerous: true, end: at, nested }
    if (value.isQuoted && value.text.includes('<')) nested.push(value.text)
  }
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

interface AttributeValue {
  readonly text: string
  readonly end: number
  readonly isQuoted: boolean
}

function readValue(text: string, start: number): AttributeValue {
  const quote = text[start] ?? ''
  // A backtick quotes in Internet Explorer alone, and only where it is closed.
  if (quote === '"' || quote === "'" || quote === '`') {
    const close = text.indexOf(quote, start + 1)
    if (close >= 0) return { text: text.slice(start + 1, close), end: close + 1, isQuoted: true }
    return { text: text.slice(start + 1), end: text.length, isQuoted: true }
  }
  const end = skip(bareValue, text, start)
  return { text: text.slice(start, end), end, isQuoted: false }
}
