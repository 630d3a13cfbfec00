/** The reader's way out of a document at its first error. */
export class XmlError extends Error {}

const nameToken = /[A-Za-z_:\x80-\xff][A-Za-z0-9_:.\-\x80-\xff]*/y
const spaceToken = /[ \t\r\n]+/y

/** A place in an XML document and what may stand there. It only goes forward. */
export class XmlCursor {
  /** In bytes. */
  position = 0
  readonly #body: string

  constructor(body: string) {
    this.#body = body
  }

  readName(): string {
    const name = this.match(nameToken)?.[0] ?? this.fail('a name was expected')
    this.position += name.length
    return name
  }

  /** Whether there was any. */
  skipSpace(): boolean {
    const length = this.match(spaceToken)?.[0].length ?? 0
    this.position += length
    return length > 0
  }

  expect(text: string): void {
    if (!this.startsWith(text)) this.fail(`"${text}" was expected`)
    this.position += text.length
  }

  startsWith(text: string): boolean {
    return this.#body.startsWith(text, this.position)
  }

  /** @param token sticky */
  match(token: RegExp): RegExpExecArray | null {
    token.lastIndex = this.position
    return token.exec(this.#body)
  }

  /** @throws XmlError */
  fail(message: string, position = this.position): never {
    throw new XmlError(`XML: ${message}, at byte ${position}`)
  }
}
