import { isUtf8 } from 'node:buffer'
import type { Argument, BodyLimits, ParsedBody } from './body-parser.ts'
import { unescapeJson } from './json-string.ts'

/**
 * Every scalar of a JSON document (RFC 8259) as an argument, named by its path as libmodsecurity does:
 * `{"a":[{"b":1}]}` gives `json.a.array_0.b`; an empty key is `empty-key`. An array that a key names is an argument of
 * its own, with an empty value: a rule about the ends of names would not see the key otherwise. Of a duplicate key all
 * values are kept, since programs differ in which one they take. null is an empty value, numbers and booleans are their
 * text. What stands before an error is returned with it.
 */
export function parseJson(body: string, limits: BodyLimits): ParsedBody {
  const found: Argument[] = []
  const error = body === '' ? undefined : new JsonReader(body, limits, found).read()
  return { arguments: found, files: [], partHeaders: [], multipart: undefined, error }
}

/** A long key above many values would be repeated in each name: 1 MB of body could become gigabytes. */
const nameBytesLimit = 4 * 1024 * 1024

interface Container {
  readonly kind: 'object' | 'array'
  readonly path: string
  /** Of an array: place of the value that is read now. */
  index: number
  /** Of an object: key of the value that is read now. */
  key: string
}

/** Thrown and caught in this file: the reader's way out at the first error. */
class JsonError extends Error {}

/** Reads without recursion, so that nesting is bounded by the limit and not by the stack. */
class JsonReader {
  readonly #body: string
  readonly #limits: BodyLimits
  readonly #found: Argument[]
  readonly #containers: Container[] = []
  readonly #scalar = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
  #position = 0
  #nameBytes = 0

  constructor(body: string, limits: BodyLimits, found: Argument[]) {
    this.#body = body
    this.#limits = limits
    this.#found = found
  }

  /** The first error, or `undefined`. */
  read(): string | undefined {
    const hasMark = this.#body.startsWith('\xef\xbb\xbf')
    if (hasMark) this.#position = 3
    try {
      this.#readDocument()
    } catch (error) {
      if (error instanceof JsonError) return error.message
      throw error
    }
    if (hasMark) return 'JSON: a byte order mark stands before the document'
    return isUtf8(Buffer.from(this.#body, 'latin1')) ? undefined : 'JSON: the document is not UTF-8'
  }

  #readDocument(): void {
    do {
      this.#readValue()
    } while (this.#readSeparators())
    this.#skipSpace()
    if (this.#position < this.#body.length) this.#fail('data follows the document')
  }

  /** Reads a scalar, or opens containers until there is one or an empty container. */
  #readValue(): void {
    for (;;) {
      this.#skipSpace()
      const char = this.#body[this.#position]
      if (char !== '{' && char !== '[') return this.#readScalar(char)
      this.#open(char === '{' ? 'object' : 'array')
      this.#skipSpace()
      const close = char === '{' ? '}' : ']'
      if (this.#body[this.#position] === close) return
      if (char === '{') this.#readKey()
    }
  }

  /** What may follow a value: closing brackets, then a comma (true: another value comes) or the end of the document. */
  #readSeparators(): boolean {
    for (let container = this.#containers.at(-1); container !== undefined; container = this.#containers.at(-1)) {
      this.#skipSpace()
      const char = this.#body[this.#position]
      if (char === ',') {
        this.#position++
        if (container.kind === 'object') this.#readKey()
        else container.index++
        return true
      }
      if (char !== (container.kind === 'object' ? '}' : ']')) this.#fail(`unexpected ${describe(char)}`)
      this.#position++
      this.#containers.pop()
    }
    return false
  }

  #open(kind: 'object' | 'array'): void {
    if (this.#containers.length >= this.#limits.jsonDepth) {
      this.#fail(`nested deeper than ${this.#limits.jsonDepth} levels`)
    }
    if (kind === 'array' && this.#containers.at(-1)?.kind === 'object') this.#add('')
    this.#containers.push({ kind, path: this.#path(), index: 0, key: '' })
    this.#position++
  }

  #readKey(): void {
    this.#skipSpace()
    if (this.#body[this.#position] !== '"')
      this.#fail(`a key was expected, not ${describe(this.#body[this.#position])}`)
    const key = this.#readString()
    const container = this.#containers.at(-1)
    if (container !== undefined) container.key = key === '' ? 'empty-key' : key
    this.#skipSpace()
    if (this.#body[this.#position] !== ':')
      this.#fail(`a colon was expected, not ${describe(this.#body[this.#position])}`)
    this.#position++
  }

  #readScalar(char: string | undefined): void {
    if (char === '"') return this.#add(this.#readString())
    this.#scalar.lastIndex = this.#position
    if (!this.#scalar.test(this.#body)) return this.#fail(`a value was expected, not ${describe(char)}`)
    const text = this.#body.slice(this.#position, this.#scalar.lastIndex)
    this.#position += text.length
    this.#add(text === 'null' ? '' : text)
  }

  #readString(): string {
    const body = this.#body
    const start = this.#position + 1
    let end = start
    let hasEscape = false
    for (let code = this.#codeAt(end); code !== 0x22; code = this.#codeAt(end)) {
      if (code < 0x20) this.#fail(end < body.length ? 'a control character stands in a string' : 'unexpected end')
      if (code === 0x5c) hasEscape = true
      end += code === 0x5c ? 2 : 1
    }
    const value = hasEscape ? this.#unescape(body.slice(start, end)) : body.slice(start, end)
    this.#position = end + 1
    return value
  }

  #unescape(text: string): string {
    const { value, isValid } = unescapeJson(text)
    if (!isValid) this.#fail('this string has an escape that JSON does not know')
    return value
  }

  #codeAt(index: number): number {
    return index < this.#body.length ? this.#body.charCodeAt(index) : -1
  }

  #add(value: string): void {
    if (this.#found.length >= this.#limits.argumentCount)
      this.#fail(`more than ${this.#limits.argumentCount} arguments`)
    const name = this.#path()
    this.#nameBytes += name.length
    if (this.#nameBytes > nameBytesLimit) this.#fail(`names of more than ${nameBytesLimit} bytes`)
    this.#found.push({ name, value })
  }

  /** Name of the value that is read now. */
  #path(): string {
    const container = this.#containers.at(-1)
    if (container === undefined) return 'json'
    return `${container.path}.${container.kind === 'array' ? `array_${container.index}` : container.key}`
  }

  #skipSpace(): void {
    for (let code = this.#codeAt(this.#position); isSpace(code); code = this.#codeAt(this.#position)) this.#position++
  }

  #fail(message: string): never {
    throw new JsonError(`JSON: ${message}, at byte ${this.#position}`)
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function describe(char: string | undefined): string {
  return char === undefined ? 'the end' : JSON.stringify(char)
}
