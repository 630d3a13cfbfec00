/** Longer ones would take more memory than the value that they are for. */
const LONGEST_SOURCE = 200_000

/**
 * The same pattern for V8's engine of linear time; `undefined` where there is none: that engine knows neither look-ahead nor
 * back references. V8 reads no repetition of more than a few turns there, so those are written out.
 */
export function linearPattern({ source, flags }: RegExp): RegExp | undefined {
  const direct = compileLinear(source, flags)
  if (direct !== undefined) return direct
  const written = writeOutCounts(source)
  return written === undefined ? undefined : compileLinear(written, flags)
}

/** Needs V8's flag for that engine (see `compilePattern`). */
export function compileLinear(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, `${flags}l`)
  } catch {
    return undefined
  }
}

/** `a{2,4}` as `aaa?a?`: the same matches in the same order, as long as nothing captures in what is repeated. */
export function writeOutCounts(source: string): string | undefined {
  const reader = new CountReader(source)
  try {
    return reader.read()
  } catch (error) {
    if (error instanceof NotWritable) return undefined
    throw error
  }
}

class NotWritable extends Error {}

class CountReader {
  readonly #source: string
  #position = 0

  constructor(source: string) {
    this.#source = source
  }

  read(): string {
    const text = this.#alternatives()
    if (this.#position < this.#source.length) throw new NotWritable()
    return text
  }

  #alternatives(): string {
    let text = ''
    while (this.#position < this.#source.length && this.#source[this.#position] !== ')') {
      text += this.#match(/\|/y) ?? this.#repeated(this.#atom())
      if (text.length > LONGEST_SOURCE) throw new NotWritable()
    }
    return text
  }

  #atom(): string {
    const opening = this.#match(/\((?:\?(?:[:=!]|i:|<[=!]|<\w+>))?/y)
    if (opening === undefined)
      return this.#match(/\[(?:\\[\s\S]|[^\]\\])*\]|\\(?:x[0-9a-f]{2}|k<\w+>|[\s\S])|[^\\[\]]/y) ?? this.#fail()
    return `${opening}${this.#alternatives()}${this.#match(/\)/y) ?? this.#fail()}`
  }

  #repeated(atom: string): string {
    const quantifier = this.#match(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y)
    if (quantifier === undefined) return atom
    const [, min, comma = '', max = '', lazy = ''] = /^\{(\d+)(,?)(\d*)\}(\??)$/.exec(quantifier) ?? []
    if (min === undefined) return atom + quantifier
    if (/\((?!\?:)/.test(atom.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g, ''))) throw new NotWritable()
    const required = Number(min)
    const optional = comma === '' ? 0 : Number(max) - required
    if (atom.length * (required + Math.max(optional, 0)) > LONGEST_SOURCE) throw new NotWritable()
    const rest = comma !== '' && max === '' ? `${atom}*${lazy}` : `${atom}?${lazy}`.repeat(optional)
    return atom.repeat(required) + rest
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position
    const text = pattern.exec(this.#source)?.[0]
    this.#position += text?.length ?? 0
    return text
  }

  #fail(): never {
    throw new NotWritable()
  }
}
