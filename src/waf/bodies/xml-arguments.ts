import type { Argument, BodyLimits } from './body-parser.ts'
import type { XmlListener } from './xml-listener.ts'

/** A long name above many elements would be repeated in each argument's: 1 MB of body could become gigabytes. */
const nameBytesLimit = 4 * 1024 * 1024

interface OpenElement {
  readonly path: string
  text: string
  hasChild: boolean
}

/**
 * SecParseXmlIntoArgs: the text of each element as an argument that bears the path to it, without prefixes: `xml.a.b`. An
 * element in which there are others has one only if there is text of its own besides.
 */
export class XmlArguments implements XmlListener {
  readonly found: Argument[] = []
  readonly #limits: BodyLimits
  readonly #open: OpenElement[] = []
  #nameBytes = 0

  constructor(limits: BodyLimits) {
    this.#limits = limits
  }

  open(name: string): undefined {
    const parent = this.#open.at(-1)
    if (parent !== undefined) parent.hasChild = true
    const path = `${parent?.path ?? 'xml'}.${name.slice(name.indexOf(':') + 1)}`
    this.#open.push({ path, text: '', hasChild: false })
  }

  attribute(): void {}

  text(piece: string): void {
    const element = this.#open.at(-1)
    if (element !== undefined) element.text += piece
  }

  /** What is wrong, or `undefined`. */
  close(): string | undefined {
    const element = this.#open.pop()
    if (element === undefined || (element.hasChild && !/[^ \t\n]/.test(element.text))) return undefined
    const { argumentCount } = this.#limits
    if (this.found.length >= argumentCount) return `more than ${argumentCount} arguments`
    this.#nameBytes += element.path.length
    if (this.#nameBytes > nameBytesLimit) return `names of more than ${nameBytesLimit} bytes`
    this.found.push({ name: element.path, value: element.text })
    return undefined
  }
}
