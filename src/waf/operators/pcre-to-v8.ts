import { addOtherCase, type ByteSet, byteSet, toClassSource, toLiteralSource } from './byte-set.ts'
import { readClass } from './pcre-class.ts'
import { type Refuse, readEscape } from './pcre-escape.ts'
import { readGroup } from './pcre-group.ts'

/** A V8 pattern for flag `s`, and for each PCRE group (the whole match first) its number in V8's result. */
export interface Translation {
  readonly source: string
  readonly groups: readonly number[]
}

/**
 * Translates PCRE syntax, in ModSecurity 2's dialect (DOTALL, DOLLAR_ENDONLY), into a V8 pattern that matches the same
 * one-byte strings. Case-insensitive parts are written out as classes: V8's flag `i` folds more than ASCII and bars the
 * engine's protection against excessive backtracking. `refuse` is called with what has no exact equivalent.
 */
export function translatePcre(pattern: string, refuse: Refuse): Translation {
  const translator = new Translator(pattern, refuse)
  return translator.translate()
}

export interface Flags {
  readonly ignoreCase: boolean
  readonly dotAll: boolean
  readonly multiline: boolean
  readonly extended: boolean
}

interface OpenGroup {
  readonly offset: number
  /** Index of its first token. */
  readonly start: number
  /** Flags to go back to at its end. */
  readonly outer: Flags
  readonly kind: 'plain' | 'assertion' | 'lookbehind' | 'atomic'
  readonly close: string
}

/** What a quantifier would repeat; `bare` atoms take one as they are, others need a group around them. */
interface Atom {
  readonly start: number
  readonly bare: boolean
}

class Translator {
  readonly #pattern: string
  readonly #refuse: Refuse
  /** Pieces of the result; a capturing group is the piece `(`, so that they can be numbered at the end. */
  readonly #tokens: string[] = []
  readonly #open: OpenGroup[] = []
  #flags: Flags = { ignoreCase: false, dotAll: true, multiline: false, extended: false }
  #atom: Atom | undefined
  #position = 0
  #atomicCount = 0

  constructor(pattern: string, refuse: Refuse) {
    this.#pattern = pattern
    this.#refuse = refuse
  }

  translate(): Translation {
    while (this.#position < this.#pattern.length) this.#readPiece()
    const unclosed = this.#open.at(-1)
    if (unclosed !== undefined) this.#refuse('this group has no closing parenthesis', unclosed.offset)
    return { source: this.#tokens.join(''), groups: numberGroups(this.#tokens) }
  }

  #readPiece(): void {
    const char = this.#pattern[this.#position] ?? ''
    if (this.#flags.extended && this.#skipExtended()) return
    if (this.#readQuantifier()) return
    switch (char) {
      case '\\':
        return this.#readBackslash()
      case '[':
        return this.#readBrackets()
      case '(':
        return this.#openGroup()
      case ')':
        return this.#closeGroup()
      case '|':
        this.#tokens.push('|')
        this.#atom = undefined
        return this.#advance(1)
      case '^':
        // PCRE: not after a newline that ends the value.
        return this.#assertion(this.#flags.multiline ? '(?:^|(?<=\\n)(?=[^]))' : '^', 1)
      case '$':
        return this.#assertion(this.#flags.multiline ? '(?=\\n|$)' : '$', 1)
      case '.':
        return this.#pushAtom(this.#flags.dotAll ? '.' : '[^\\n]', 1)
      default:
        return this.#pushByte(char.charCodeAt(0), 1)
    }
  }

  /** Flag `x`: white space and comments between the pieces. */
  #skipExtended(): boolean {
    const skipped = this.#match(/[\t-\r ]+|#[^\n]*\n?/y)
    if (skipped !== undefined) this.#advance(skipped.length)
    return skipped !== undefined
  }

  #readQuantifier(): boolean {
    const text = this.#match(/(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})[?+]?/y)
    if (text === undefined) return false
    if (this.#atom === undefined) return this.#refuse('there is nothing to repeat here', this.#position)
    const { start, bare } = this.#atom
    if (!bare) this.#wrap(start, ['(?:'], ')')
    const isPossessive = text.length > 1 && text.endsWith('+')
    this.#tokens.push(isPossessive ? text.slice(0, -1) : text)
    if (isPossessive) this.#makeAtomic(start)
    this.#atom = { start, bare: false }
    this.#advance(text.length)
    return true
  }

  #readBackslash(): void {
    const letter = this.#pattern[this.#position + 1] ?? ''
    const assertion = assertions.get(letter)
    if (assertion !== undefined) return this.#assertion(assertion, 2)
    if (letter === 'Q') return this.#readQuoted()
    if (letter === 'E') return this.#advance(2)
    // In PCRE this alternation is atomic; the look-ahead keeps `\r` from matching the first half of `\r\n`.
    if (letter === 'R') return this.#pushAtom('(?:\\r\\n|[\\n\\v\\f\\x85]|\\r(?!\\n))', 2)
    if (letter === 'C') return this.#pushAtom('[^]', 2)
    if (/[1-9]/.test(letter) && this.#match(/\\[1-3][0-7]{2}/y) === undefined) {
      return this.#refuse('back references have no exact equivalent', this.#position)
    }
    const escaped = readEscape(this.#pattern, this.#position, this.#refuse)
    const length = escaped.end - this.#position
    if (escaped.kind === 'byte') this.#pushByte(escaped.byte, length)
    else this.#pushSet(escaped.set, length)
  }

  #readQuoted(): void {
    const end = this.#pattern.indexOf('\\E', this.#position)
    this.#advance(2)
    const last = end === -1 ? this.#pattern.length : end
    while (this.#position < last) this.#pushByte(this.#pattern.charCodeAt(this.#position), 1)
    if (end !== -1) this.#advance(2)
  }

  #readBrackets(): void {
    const options = { ignoreCase: this.#flags.ignoreCase, refuse: this.#refuse }
    const { set, end } = readClass(this.#pattern, this.#position, options)
    this.#pushSet(set, end - this.#position)
  }

  #openGroup(): void {
    const offset = this.#position
    const group = readGroup(this.#pattern, offset, { flags: this.#flags, refuse: this.#refuse })
    this.#advance(group.length)
    this.#atom = group.kind === 'comment' ? this.#atom : undefined
    if (group.kind === 'comment') return
    if (group.kind === 'flags') {
      this.#flags = group.flags
      return
    }
    const { kind, flags } = group
    const name = kind === 'atomic' ? this.#nameAtomic(offset) : undefined
    const close = name === undefined ? ')' : `))\\k<${name}>)`
    this.#open.push({ offset, start: this.#tokens.length, outer: this.#flags, kind, close })
    this.#flags = flags
    this.#tokens.push(...(name === undefined ? [group.source] : ['(?:(?=', `(?<${name}>`]))
  }

  #closeGroup(): void {
    const group = this.#open.pop()
    if (group === undefined) return this.#refuse('this parenthesis closes nothing', this.#position)
    this.#flags = group.outer
    this.#tokens.push(group.close)
    this.#atom = { start: group.start, bare: group.kind === 'plain' || group.kind === 'atomic' }
    this.#advance(1)
  }

  /** A look-ahead is never entered again, and what it captured can be matched right after it: an atomic group. */
  #makeAtomic(start: number): void {
    const name = this.#nameAtomic(this.#position)
    this.#wrap(start, ['(?:(?=', `(?<${name}>`], `))\\k<${name}>)`)
  }

  /** V8 runs look-behinds backwards, where the reference would come before what it refers to. */
  #nameAtomic(offset: number): string {
    if (this.#open.some((group) => group.kind === 'lookbehind')) {
      this.#refuse('an atomic group or possessive quantifier in a look-behind has no exact equivalent', offset)
    }
    this.#atomicCount++
    return `atomic${this.#atomicCount}`
  }

  #wrap(start: number, before: readonly string[], after: string): void {
    this.#tokens.splice(start, 0, ...before)
    this.#tokens.push(after)
  }

  #assertion(source: string, length: number): void {
    this.#atom = { start: this.#tokens.length, bare: false }
    this.#tokens.push(source)
    this.#advance(length)
  }

  #pushByte(byte: number, length: number): void {
    const isLetter = /[A-Za-z]/.test(String.fromCharCode(byte))
    if (this.#flags.ignoreCase && isLetter) {
      const set = byteSet([byte, byte])
      addOtherCase(set)
      this.#pushSet(set, length)
    } else this.#pushAtom(toLiteralSource(byte), length)
  }

  #pushSet(set: ByteSet, length: number): void {
    this.#pushAtom(toClassSource(set), length)
  }

  #pushAtom(source: string, length: number): void {
    this.#atom = { start: this.#tokens.length, bare: true }
    this.#tokens.push(source)
    this.#advance(length)
  }

  #match(syntax: RegExp): string | undefined {
    syntax.lastIndex = this.#position
    return syntax.exec(this.#pattern)?.[0]
  }

  #advance(length: number): void {
    this.#position += length
  }
}

const assertions: ReadonlyMap<string, string> = new Map([
  ['A', '^'],
  ['b', '\\b'],
  ['B', '\\B'],
  ['z', '$'],
  ['Z', '(?=\\n?$)'],
])

function numberGroups(tokens: readonly string[]): number[] {
  const groups = [0]
  let number = 0
  for (const token of tokens) {
    if (token !== '(' && !token.startsWith('(?<atomic')) continue
    number++
    if (token === '(') groups.push(number)
  }
  return groups
}
