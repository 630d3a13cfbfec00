import { isUtf8 } from 'node:buffer'
import type { BodyLimits, ParsedBody, XmlContent } from './body-parser.ts'
import { XmlArguments } from './xml-arguments.ts'
import { XmlCursor, XmlError } from './xml-cursor.ts'
import { XmlDocumentBuilder } from './xml-document.ts'
import type { XmlListener } from './xml-listener.ts'
import { replaceReferences } from './xml-references.ts'

/**
 * Text and attribute values of an XML document (XML 1.0). There is no DTD: a document type declaration is an error, and
 * with it every entity but the five predefined ones. Names are taken as they are written, without namespaces. What
 * stands before an error is returned with it.
 */
export function parseXml(body: string, limits: BodyLimits, options: XmlOptions = plain): ParsedBody {
  const elements = options.intoArguments === 'no' ? undefined : new XmlArguments(limits)
  const builder = options.asDocument ? new XmlDocumentBuilder() : undefined
  const reader = new XmlReader(
    body,
    limits,
    [elements, builder].filter((listener) => listener !== undefined),
  )
  const error = body === '' ? undefined : reader.read()
  const xml = { ...reader.content, ...(builder === undefined ? {} : { document: builder.document }) }
  return {
    arguments: elements?.found ?? [],
    files: [],
    partHeaders: [],
    multipart: undefined,
    ...(options.intoArguments === 'only' ? {} : { xml }),
    error,
  }
}

export interface XmlOptions {
  /** SecParseXmlIntoArgs. */
  readonly intoArguments: 'no' | 'also' | 'only'
  /** Some rule has an XPath expression for it. */
  readonly asDocument: boolean
}

const plain: XmlOptions = { intoArguments: 'no', asDocument: false }

/** Character sets in which the ASCII bytes mean what they say; in any other, markup could hide from the reader. */
const readableEncoding = /^(?:utf-?8|us-ascii|iso-8859-1|iso-8859-15|windows-1252)$/i
const declaration =
  /<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])([A-Za-z0-9._-]{1,40})\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\4)?\s*\?>/y
const forbiddenByte = /[\x00-\x08\x0b\x0c\x0e-\x1f]/
/** Names of namespaces are no attributes for XPath; a value that is more than a name is looked at all the same. */
const plainNamespace = /^[\w:/.#~?=&+%-]*$/

/** Reads without recursion and never goes back, so that its time grows with the document's length and not faster. */
class XmlReader {
  readonly #body: string
  readonly #cursor: XmlCursor
  readonly #limits: BodyLimits
  /** Texts between two tags each, the last one still growing. */
  readonly #texts: string[] = ['']
  readonly #attributes: string[] = []
  readonly #open: string[] = []
  #hasRoot = false
  /** Texts and attributes so far. */
  #values = 0
  /** Whether the text that is growing is among them. */
  #isCounted = false
  /** Declared or, without a declaration, assumed. */
  #encoding = 'utf-8'

  readonly #listeners: readonly XmlListener[]

  constructor(body: string, limits: BodyLimits, listeners: readonly XmlListener[]) {
    this.#listeners = listeners
    this.#body = body
    this.#cursor = new XmlCursor(body)
    this.#limits = limits
  }

  /** What has been read so far. */
  get content(): XmlContent {
    const texts = this.#texts.filter((text) => /[^ \t\n]/.test(text))
    return { text: this.#texts.join(''), texts, attributes: this.#attributes }
  }

  /** The first error, or `undefined`. */
  read(): string | undefined {
    try {
      this.#readDocument()
    } catch (error) {
      if (error instanceof XmlError) return error.message
      throw error
    }
    if (!/^utf-?8$/i.test(this.#encoding) || isUtf8(Buffer.from(this.#body, 'latin1'))) return undefined
    return 'XML: the document is not UTF-8'
  }

  #readDocument(): void {
    const control = this.#body.search(forbiddenByte)
    if (control >= 0) this.#cursor.fail('a control character', control)
    if (this.#body.startsWith('\xef\xbb\xbf')) this.#cursor.position = 3
    if (/^<\?xml[ \t\r\n]/.test(this.#body.slice(this.#cursor.position, this.#cursor.position + 6)))
      this.#readDeclaration()
    while (this.#cursor.position < this.#body.length) this.#readNext()
    if (this.#open.length > 0) this.#cursor.fail('an element is not closed')
    if (!this.#hasRoot) this.#cursor.fail('no element')
  }

  #readDeclaration(): void {
    const [text, , , encoding = 'utf-8'] =
      this.#cursor.match(declaration) ?? this.#cursor.fail('malformed XML declaration')
    if (!readableEncoding.test(encoding)) this.#cursor.fail('an encoding that cannot be inspected')
    this.#encoding = encoding
    this.#cursor.position += text.length
  }

  #readNext(): void {
    const { length } = this.#body
    const mark = this.#body.indexOf('<', this.#cursor.position)
    const end = mark < 0 ? length : mark
    if (end > this.#cursor.position) this.#readText(end)
    if (mark < 0) return
    if (this.#cursor.startsWith('<!--')) return this.#readComment()
    if (this.#cursor.startsWith('<![CDATA[')) return this.#readCharacterData()
    if (this.#cursor.startsWith('<!')) return this.#cursor.fail('a document type or another declaration')
    if (this.#cursor.startsWith('<?')) return this.#readInstruction()
    if (this.#cursor.startsWith('</')) return this.#readEndTag()
    this.#readStartTag()
  }

  #readText(end: number): void {
    const text = this.#body.slice(this.#cursor.position, end)
    if (this.#open.length === 0 && /[^ \t\r\n]/.test(text)) this.#cursor.fail('text outside of the document element')
    if (text.includes(']]>')) this.#cursor.fail('"]]>" in a text')
    if (this.#open.length > 0) this.#addText(this.#resolve(text.replace(/\r\n?/g, '\n')))
    this.#cursor.position = end
  }

  #readComment(): void {
    const end = this.#body.indexOf('--', this.#cursor.position + 4)
    if (end < 0 || this.#body[end + 2] !== '>') this.#cursor.fail('a malformed comment')
    this.#cursor.position = end + 3
  }

  #readCharacterData(): void {
    if (this.#open.length === 0) this.#cursor.fail('a CDATA section outside of the document element')
    const start = this.#cursor.position + 9
    const end = this.#body.indexOf(']]>', start)
    if (end < 0) this.#cursor.fail('a CDATA section without end')
    this.#addText(this.#body.slice(start, end).replace(/\r\n?/g, '\n'))
    this.#cursor.position = end + 3
  }

  #readInstruction(): void {
    this.#cursor.position += 2
    if (/^xml$/i.test(this.#cursor.readName())) this.#cursor.fail('an XML declaration that is not at the beginning')
    const end = this.#body.indexOf('?>', this.#cursor.position)
    if (end < 0) this.#cursor.fail('a processing instruction without end')
    if (end > this.#cursor.position && !this.#cursor.skipSpace())
      this.#cursor.fail('a malformed processing instruction')
    this.#cursor.position = end + 2
  }

  #readEndTag(): void {
    this.#cursor.position += 2
    if (this.#cursor.readName() !== this.#open.pop()) this.#cursor.fail('an end tag that closes nothing')
    this.#cursor.skipSpace()
    this.#cursor.expect('>')
    this.#endText()
    this.#tell((listener) => listener.close())
  }

  #readStartTag(): void {
    this.#cursor.position++
    const name = this.#cursor.readName()
    if (this.#open.length === 0 && this.#hasRoot) this.#cursor.fail('a second document element')
    if (this.#open.length >= this.#limits.xmlDepth)
      this.#cursor.fail(`nested deeper than ${this.#limits.xmlDepth} levels`)
    this.#hasRoot = true
    this.#tell((listener) => listener.open(name))
    this.#readAttributes()
    this.#endText()
    if (this.#cursor.startsWith('/')) {
      this.#cursor.position++
      this.#tell((listener) => listener.close())
    } else this.#open.push(name)
    this.#cursor.expect('>')
  }

  #readAttributes(): void {
    const names = new Set<string>()
    while (this.#cursor.skipSpace() && !this.#cursor.startsWith('>') && !this.#cursor.startsWith('/')) {
      const name = this.#cursor.readName()
      if (names.has(name)) this.#cursor.fail('an attribute that stands twice')
      names.add(name)
      this.#cursor.skipSpace()
      this.#cursor.expect('=')
      this.#cursor.skipSpace()
      this.#addAttribute(name, this.#readAttributeValue())
    }
  }

  #readAttributeValue(): string {
    const quote = this.#body[this.#cursor.position]
    if (quote !== '"' && quote !== "'") return this.#cursor.fail('an attribute without quotes')
    const end = this.#body.indexOf(quote, this.#cursor.position + 1)
    if (end < 0) this.#cursor.fail('an attribute without end')
    const raw = this.#body.slice(this.#cursor.position + 1, end)
    if (raw.includes('<')) this.#cursor.fail('"<" in an attribute')
    const value = this.#resolve(raw.replace(/\r\n|[\t\r\n]/g, ' '))
    this.#cursor.position = end + 1
    return value
  }

  #addAttribute(name: string, value: string): void {
    for (const listener of this.#listeners) listener.attribute(name, value)
    if (/^xmlns(?::|$)/.test(name) && plainNamespace.test(value)) return
    this.#count()
    this.#attributes.push(value)
  }

  #tell(event: (listener: XmlListener) => string | undefined): void {
    for (const listener of this.#listeners) {
      const problem = event(listener)
      if (problem !== undefined) this.#cursor.fail(problem)
    }
  }

  #endText(): void {
    this.#texts.push('')
    this.#isCounted = false
  }

  /** A comment or a CDATA section does not end a text: its pieces count as one. */
  #addText(piece: string): void {
    const last = this.#texts.length - 1
    const before = this.#texts[last] ?? ''
    if (/[^ \t\n]/.test(piece) && !this.#isCounted) {
      this.#count()
      this.#isCounted = true
    }
    this.#texts[last] = before + piece
    for (const listener of this.#listeners) listener.text(piece)
  }

  #count(): void {
    const { argumentCount } = this.#limits
    if (this.#values >= argumentCount) this.#cursor.fail(`more than ${argumentCount} texts and attributes`)
    this.#values++
  }

  #resolve(text: string): string {
    return replaceReferences(text) ?? this.#cursor.fail('an unknown entity or a malformed reference')
  }
}
