import type { ByteSet } from '../operators/byte-set.ts'

/** The structure of a pattern, as far as it tells what a value needs to match. */
export type PatternTree =
  | { readonly kind: 'set'; readonly set: ByteSet }
  /** One of these texts, in any case. */
  | { readonly kind: 'phrases'; readonly phrases: readonly string[] }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternTree[] }
  | { readonly kind: 'choice'; readonly branches: readonly PatternTree[] }
  | { readonly kind: 'repeat'; readonly tree: PatternTree; readonly min: number; readonly max: number }
  /** Takes no bytes: an anchor, a look-around. Nothing is known of it. */
  | { readonly kind: 'assertion' }
  /** May take any bytes, or none: a back reference. */
  | { readonly kind: 'unknown' }

const assertion: PatternTree = { kind: 'assertion' }
const unknown: PatternTree = { kind: 'unknown' }

/** The tree of a text that has to be there as it is. */
export function textTree(text: string): PatternTree {
  const parts = Array.from({ length: text.length }, (_, i) => sameCase[text.charCodeAt(i) & 0xff] ?? unknown)
  return { kind: 'sequence', parts }
}

/** Patterns have a hundred thousand letters: they share their sets. */
const sameCase: readonly PatternTree[] = Array.from({ length: 256 }, (_, byte) => setOf([byte]))
const anyCase: readonly PatternTree[] = Array.from({ length: 256 }, (_, byte) => {
  return setOf(/[A-Za-z]/.test(String.fromCharCode(byte)) ? [byte, byte ^ 0x20] : [byte])
})

function setOf(bytes: readonly number[]): PatternTree {
  const set = new Uint8Array(256)
  for (const byte of bytes) set[byte] = 1
  return { kind: 'set', set }
}

/**
 * Reads a pattern in the part of V8's syntax that `translatePcre` writes (flag `s`). `undefined`: something else is in it,
 * and nothing may be concluded.
 */
export function readPatternTree(source: string): PatternTree | undefined {
  const reader = new Reader(source)
  try {
    return reader.read()
  } catch (error) {
    if (error instanceof Unreadable) return undefined
    throw error
  }
}

/** A byte that stands for itself, and a letter in both cases: most of all classes. */
function plainSet(source: string): PatternTree | undefined {
  if (source.length === 1 && source !== '.') return sameCase[source.charCodeAt(0)]
  const [, upper = '', lower = ''] = /^\[([A-Z])([a-z])\]$/.exec(source) ?? []
  return upper !== '' && upper.toLowerCase() === lower ? anyCase[upper.charCodeAt(0)] : undefined
}

class Unreadable extends Error {}

class Reader {
  readonly #source: string
  readonly #sets = new Map<string, PatternTree>()
  #position = 0

  constructor(source: string) {
    this.#source = source
  }

  read(): PatternTree {
    const tree = this.#choice()
    if (this.#position < this.#source.length) throw new Unreadable()
    return tree
  }

  #choice(): PatternTree {
    const branches = [this.#sequence()]
    while (this.#take('|')) branches.push(this.#sequence())
    const [only] = branches
    return branches.length === 1 && only !== undefined ? only : { kind: 'choice', branches }
  }

  #sequence(): PatternTree {
    const parts: PatternTree[] = []
    while (this.#position < this.#source.length && !/[|)]/.test(this.#source[this.#position] ?? '')) {
      parts.push(this.#quantified(this.#atom()))
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : { kind: 'sequence', parts }
  }

  #quantified(tree: PatternTree): PatternTree {
    const text = this.#match(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y)
    if (text === undefined) return tree
    if (text.startsWith('*')) return { kind: 'repeat', tree, min: 0, max: Number.POSITIVE_INFINITY }
    if (text.startsWith('+')) return { kind: 'repeat', tree, min: 1, max: Number.POSITIVE_INFINITY }
    if (text.startsWith('?')) return { kind: 'repeat', tree, min: 0, max: 1 }
    const [, min, comma, max] = /\{(\d+)(,?)(\d*)/.exec(text) ?? []
    const last = comma === '' ? min : max === '' ? 'Infinity' : max
    return { kind: 'repeat', tree, min: Number(min), max: Number(last) }
  }

  #atom(): PatternTree {
    const char = this.#source[this.#position]
    if (char === '(') return this.#group()
    if (char === '[') return this.#set(/\[(?:\\[\s\S]|[^\]\\])*\]/y)
    if (char === '^' || char === '$') return this.#skip(/[\^$]/y, assertion)
    if (char === '.') return this.#set(/\./y)
    if (char !== '\\') return this.#set(/[^*+?{}]/y)
    if (this.#match(/\\[bB]/y) !== undefined) return assertion
    if (this.#match(/\\k<\w+>/y) !== undefined) return unknown
    return this.#set(/\\(?:x[0-9a-f]{2}|[nrtvf\x21-\x2f:-@[-`{-~])/y)
  }

  #group(): PatternTree {
    const opening = this.#match(/\((?:\?(?:[:=!]|i:|<[=!]|<\w+>))?/y) ?? ''
    const tree = this.#choice()
    if (!this.#take(')')) throw new Unreadable()
    if (/[=!]$/.test(opening)) return assertion
    return opening === '(?i:' ? unknown : tree
  }

  /** One byte out of a class; the regular expression engine itself says which. */
  #set(syntax: RegExp): PatternTree {
    const source = this.#match(syntax)
    if (source === undefined) throw new Unreadable()
    const known = this.#sets.get(source) ?? plainSet(source)
    if (known !== undefined) return known
    const pattern = new RegExp(`^${source}$`, 's')
    const set = Uint8Array.from({ length: 256 }, (_, byte) => (pattern.test(String.fromCharCode(byte)) ? 1 : 0))
    const tree: PatternTree = { kind: 'set', set }
    this.#sets.set(source, tree)
    return tree
  }

  #skip(syntax: RegExp, tree: PatternTree): PatternTree {
    if (this.#match(syntax) === undefined) throw new Unreadable()
    return tree
  }

  #take(char: string): boolean {
    if (this.#source[this.#position] !== char) return false
    this.#position++
    return true
  }

  #match(syntax: RegExp): string | undefined {
    syntax.lastIndex = this.#position
    const text = syntax.exec(this.#source)?.[0]
    if (text !== undefined) this.#position += text.length
    return text
  }
}
