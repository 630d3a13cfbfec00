/** A V8 pattern for flag `s`, and for each PCRE group (the whole match first) its number in V8's result. */
export interface Translation {
  readonly source: string
  readonly groups: readonly number[]
}

/** What a quantifier would repeat; `bare` atoms take one as they are, others need a group around them. */
interface Atom {
  readonly start: number
  readonly bare: boolean
}

/** Of repetitions: what V8's linear engine still takes. */
const LARGE_COUNT = 8
/** In characters; beyond it the count stays. */
const LONGEST_COPIES = 10_000
const highBytes = String.fromCharCode(...Array.from({ length: 128 }, (_, index) => index + 128))

/** The V8 pattern while it is being written, piece by piece. */
export class PatternOutput {
  /** A capturing group is the piece `(`, so that groups can be numbered at the end. */
  readonly #pieces: string[] = []
  #atom: Atom | undefined
  #atomicCount = 0
  readonly #referenced = new Set<number>()

  /** Index of the next piece. */
  get length(): number {
    return this.#pieces.length
  }

  get hasAtom(): boolean {
    return this.#atom !== undefined
  }

  /** A piece that a quantifier can repeat as it is. */
  atom(source: string): void {
    this.#atom = { start: this.#pieces.length, bare: true }
    this.#pieces.push(source)
  }

  assertion(source: string): void {
    this.#atom = { start: this.#pieces.length, bare: false }
    this.#pieces.push(source)
  }

  /** A reference to a PCRE group. */
  reference(group: number, comparison: 'same case' | 'any case'): void {
    this.#referenced.add(group)
    const source = `\\k<group${group}>`
    this.atom(comparison === 'same case' ? source : `(?i:${source})`)
  }

  /** Whether what has been written from this piece on matches nothing but ASCII. */
  isAsciiFrom(start: number): boolean {
    const atoms = this.#pieces.slice(start).filter((piece) => /^(?:\[|\.$|\\|\(\?:\\r)/.test(piece))
    return atoms.every((piece) => !piece.startsWith('\\k<') && !new RegExp(piece, 's').test(highBytes))
  }

  /** Pieces that cannot be repeated: the beginning of a group, an alternative. */
  boundary(...pieces: readonly string[]): void {
    this.#atom = undefined
    this.#pieces.push(...pieces)
  }

  /** The end of the group whose first piece is at `start`. */
  endGroup(source: string, { start, bare }: { readonly start: number; readonly bare: boolean }): void {
    this.#pieces.push(source)
    this.#atom = { start, bare }
  }

  /** Repeats the atom; it must have one. */
  quantify(quantifier: string, mode: 'plain' | 'possessive'): void {
    const start = this.#atom?.start ?? this.#pieces.length
    if (this.#atom?.bare === false) this.#wrap(start, ['(?:'], ')')
    this.#repeat(start, quantifier)
    if (mode === 'possessive') {
      const { open, close } = this.nextAtomic()
      this.#wrap(start, open, close)
    }
    this.#atom = { start, bare: false }
  }

  /**
   * V8's engine that takes linear time knows no large counts: `(?:-\s*,?\s*){63}` would be left to the one that tries all
   * ways to share out the white space. What captures cannot be written more than once.
   */
  #repeat(start: number, quantifier: string): void {
    const times = Number(/^\{([0-9]+)\}$/.exec(quantifier)?.[1] ?? 0)
    const atom = this.#pieces.slice(start)
    const length = times * atom.join('').length
    const captures = atom.some((piece) => piece === '(' || piece.startsWith('(?<atomic'))
    if (times <= LARGE_COUNT || length > LONGEST_COPIES || captures) this.#pieces.push(quantifier)
    else for (let copies = 1; copies < times; copies++) this.#pieces.push(...atom)
  }

  /** A look-ahead is never entered again, and what it captured can be matched right after it: an atomic group. */
  nextAtomic(): { readonly open: readonly string[]; readonly close: string } {
    this.#atomicCount++
    const name = `atomic${this.#atomicCount}`
    return { open: ['(?:(?=', `(?<${name}>`], close: `))\\k<${name}>)` }
  }

  finish(): Translation {
    const groups = [0]
    let number = 0
    const pieces = this.#pieces.map((piece) => {
      if (piece !== '(' && !piece.startsWith('(?<atomic')) return piece
      number++
      if (piece !== '(') return piece
      const group = groups.push(number) - 1
      return this.#referenced.has(group) ? `(?<group${group}>` : piece
    })
    return { source: pieces.join(''), groups }
  }

  #wrap(start: number, before: readonly string[], after: string): void {
    this.#pieces.splice(start, 0, ...before)
    this.#pieces.push(after)
  }
}
