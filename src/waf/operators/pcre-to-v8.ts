import { type ByteSet, toClassSource, toLetterSource, toLiteralSource } from './byte-set.ts'
import { PatternOutput, type Translation } from './pattern-output.ts'
import { PcreCaptures } from './pcre-captures.ts'
import { readClass } from './pcre-class.ts'
import { type Refuse, readEscape } from './pcre-escape.ts'
import { type Flags, type GroupKind, readGroup } from './pcre-group.ts'

/**
 * Translates PCRE syntax, in ModSecurity 2's dialect (DOTALL, DOLLAR_ENDONLY), into a V8 pattern that matches the same
 * one-byte strings. Case-insensitive parts are written out as classes: V8's flag `i` folds more than ASCII and bars the
 * engine's protection against excessive backtracking. `refuse` is called with what has no exact equivalent.
 */
export function translatePcre(pattern: string, refuse: Refuse): Translation {
  const translator = new Translator(pattern, refuse)
  return translator.translate()
}

interface OpenGroup {
  readonly offset: number
  /** Index of its first piece. */
  readonly start: number
  /** Flags to go back to at its end. */
  readonly outer: Flags
  readonly kind: GroupKind
  readonly close: string
}

class Translator {
  readonly #pattern: string
  readonly #refuse: Refuse
  readonly #output = new PatternOutput()
  readonly #captures = new PcreCaptures()
  readonly #open: OpenGroup[] = []
  #flags: Flags = { ignoreCase: false, dotAll: true, multiline: false, extended: false }
  #position = 0

  constructor(pattern: string, refuse: Refuse) {
    this.#pattern = pattern
    this.#refuse = refuse
  }

  translate(): Translation {
    while (this.#position < this.#pattern.length) this.#readPiece()
    const unclosed = this.#open.at(-1)
    if (unclosed !== undefined) this.#refuse('this group has no closing parenthesis', unclosed.offset)
    return this.#output.finish()
  }

  #readPiece(): void {
    if (this.#flags.extended && this.#skipExtended()) return
    if (this.#readQuantifier()) return
    const char = this.#pattern[this.#position] ?? ''
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
        this.#output.boundary('|')
        this.#captures.alternative()
        return this.#advance(1)
      case '^':
        // PCRE: not after a newline that ends the value.
        return this.#assertion(this.#flags.multiline ? '(?:^|(?<=\\n)(?=[^]))' : '^', 1)
      case '$':
        return this.#assertion(this.#flags.multiline ? '(?=\\n|$)' : '$', 1)
      case '.':
        return this.#atom(this.#flags.dotAll ? '.' : '[^\\n]', 1)
      default:
        return this.#byte(char.charCodeAt(0), 1)
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
    if (!this.#output.hasAtom) return this.#refuse('there is nothing to repeat here', this.#position)
    const isPossessive = text.length > 1 && text.endsWith('+')
    if (isPossessive) this.#refuseInLookbehind()
    this.#output.quantify(isPossessive ? text.slice(0, -1) : text, isPossessive ? 'possessive' : 'plain')
    this.#captures.repeat()
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
    if (letter === 'R') return this.#atom('(?:\\r\\n|[\\n\\v\\f\\x85]|\\r(?!\\n))', 2)
    if (letter === 'C') return this.#atom('[^]', 2)
    if (/[1-9]/.test(letter) && this.#match(/\\[1-3][0-7]{2}/y) === undefined) return this.#readReference()
    const escaped = readEscape(this.#pattern, this.#position, this.#refuse)
    const length = escaped.end - this.#position
    if (escaped.kind === 'byte') this.#byte(escaped.byte, length)
    else this.#set(escaped.set, length)
  }

  /** PCRE folds ASCII alone, V8 more: without case only what is ASCII can be compared. */
  #readReference(): void {
    const text = this.#match(/\\[0-9]+/y) ?? ''
    const number = Number(text.slice(1))
    const start = number < 10 ? this.#captures.referable(number) : undefined
    const isBackwards = this.#open.some(({ kind }) => kind === 'lookbehind')
    if (start === undefined || isBackwards || (this.#flags.ignoreCase && !this.#output.isAsciiFrom(start))) {
      return this.#refuse('this back reference has no exact equivalent', this.#position)
    }
    this.#captures.piece()
    this.#output.reference(number, this.#flags.ignoreCase ? 'any case' : 'same case')
    this.#advance(text.length)
  }

  #readQuoted(): void {
    const end = this.#pattern.indexOf('\\E', this.#position)
    this.#advance(2)
    const last = end === -1 ? this.#pattern.length : end
    while (this.#position < last) this.#byte(this.#pattern.charCodeAt(this.#position), 1)
    if (end !== -1) this.#advance(2)
  }

  #readBrackets(): void {
    const options = { ignoreCase: this.#flags.ignoreCase, refuse: this.#refuse }
    const { set, end } = readClass(this.#pattern, this.#position, options)
    this.#set(set, end - this.#position)
  }

  #openGroup(): void {
    const offset = this.#position
    const group = readGroup(this.#pattern, offset, { flags: this.#flags, refuse: this.#refuse })
    this.#advance(group.length)
    if (group.kind === 'comment') return
    const outer = this.#flags
    this.#flags = group.flags
    if (group.kind === 'flags') return this.#output.boundary()
    if (group.kind === 'atomic') this.#refuseInLookbehind()
    const { open, close } = group.kind === 'atomic' ? this.#output.nextAtomic() : { open: [group.source], close: ')' }
    const consumes = group.kind === 'plain' || group.kind === 'atomic'
    this.#captures.open({ captures: open[0] === '(', consumes, start: this.#output.length })
    this.#open.push({ offset, start: this.#output.length, outer, kind: group.kind, close })
    this.#output.boundary(...open)
  }

  #closeGroup(): void {
    const group = this.#open.pop()
    if (group === undefined) return this.#refuse('this parenthesis closes nothing', this.#position)
    this.#flags = group.outer
    this.#captures.close()
    this.#output.endGroup(group.close, { start: group.start, bare: group.kind === 'plain' || group.kind === 'atomic' })
    this.#advance(1)
  }

  /** V8 runs look-behinds backwards, where the reference that makes a group atomic would come before the group. */
  #refuseInLookbehind(): void {
    if (!this.#open.some((group) => group.kind === 'lookbehind')) return
    this.#refuse('an atomic group or possessive quantifier in a look-behind has no exact equivalent', this.#position)
  }

  #byte(byte: number, length: number): void {
    const char = String.fromCharCode(byte)
    const isEither = this.#flags.ignoreCase && /[A-Za-z]/.test(char)
    this.#atom(isEither ? toLetterSource(char) : toLiteralSource(byte), length)
  }

  #set(set: ByteSet, length: number): void {
    this.#atom(toClassSource(set), length)
  }

  #atom(source: string, length: number): void {
    this.#captures.piece()
    this.#output.atom(source)
    this.#advance(length)
  }

  #assertion(source: string, length: number): void {
    this.#captures.piece()
    this.#output.assertion(source)
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
