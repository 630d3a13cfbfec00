import type { XmlListener } from './xml-listener.ts'

/** More would fill the memory and take long: an element is four bytes of a body, some hundred here, and has to be looked at. */
const MOST_ELEMENTS = 20_000

export interface XmlAttribute {
  readonly name: string
  readonly value: string
}

export interface XmlElement {
  /** As written, with its prefix. */
  readonly name: string
  /** Index of the element that it stands in; -1 for the outermost. */
  readonly parent: number
  readonly attributes: XmlAttribute[]
  /** Its text, that of the elements in it included, is a part of the document's. */
  readonly textStart: number
  textEnd: number
}

/** Text of an element's own between two tags. */
export interface XmlText {
  readonly parent: number
  readonly start: number
  end: number
}

/** An XML document for XPath, its elements and texts in the order in which they begin. */
export interface XmlDocument {
  readonly elements: readonly XmlElement[]
  readonly texts: readonly XmlText[]
  readonly text: string
}

export class XmlDocumentBuilder implements XmlListener {
  readonly #elements: XmlElement[] = []
  readonly #texts: XmlText[] = []
  readonly #pieces: string[] = []
  readonly #open: number[] = []
  #length = 0
  /** The text that goes on growing until the next tag. */
  #growing: XmlText | undefined

  /** What has been read so far. Elements that were not closed end where the text does. */
  get document(): XmlDocument {
    for (const index of this.#open) {
      const element = this.#elements[index]
      if (element !== undefined) element.textEnd = this.#length
    }
    return { elements: this.#elements, texts: this.#texts, text: this.#pieces.join('') }
  }

  open(name: string): string | undefined {
    if (this.#elements.length >= MOST_ELEMENTS) return `more than ${MOST_ELEMENTS} elements`
    this.#growing = undefined
    const parent = this.#open.at(-1) ?? -1
    this.#open.push(this.#elements.length)
    this.#elements.push({ name, parent, attributes: [], textStart: this.#length, textEnd: this.#length })
    return undefined
  }

  attribute(name: string, value: string): void {
    this.#elements.at(-1)?.attributes.push({ name, value })
  }

  text(piece: string): void {
    this.#pieces.push(piece)
    const start = this.#length
    this.#length += piece.length
    if (this.#growing !== undefined) {
      this.#growing.end = this.#length
      return
    }
    this.#growing = { parent: this.#open.at(-1) ?? -1, start, end: this.#length }
    this.#texts.push(this.#growing)
  }

  close(): string | undefined {
    this.#growing = undefined
    const element = this.#elements[this.#open.pop() ?? -1]
    if (element !== undefined) element.textEnd = this.#length
    return undefined
  }
}
