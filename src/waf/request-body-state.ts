import type { BodyLimits, ParsedBody } from './bodies/body-parser.ts'
import { parseJson } from './bodies/json.ts'
import { parseMultipart } from './bodies/multipart.ts'
import { parseUrlEncoded } from './bodies/url-encoded.ts'
import { parseXml, type XmlOptions } from './bodies/xml.ts'
import type { CellMemory } from './cell-memory.ts'
import type { Entry } from './entry.ts'
import { type BodyProcessor, toEntries } from './request-parts.ts'

export interface BodyParseOptions {
  readonly contentType: string
  readonly separator: string
  readonly limits: BodyLimits
  readonly xml: XmlOptions
}

const nothing: ParsedBody = { arguments: [], files: [], partHeaders: [], multipart: undefined, error: undefined }

/** The request body as the body processor sees it. */
export class RequestBodyState {
  /** Set by Content-Type, changed by ctl:requestBodyProcessor. */
  processor: BodyProcessor
  /** ctl:forceRequestBodyVariable. */
  forced = false
  raw = ''
  /** What took the body apart: `ctl` in phase 2 comes too late to change what its variables show. */
  parsedBy: BodyProcessor = ''
  parsed: ParsedBody = nothing
  /**
   * REQUEST_BODY. Empty where a processor other than URLENCODED takes the body apart (as ModSecurity 2), but that of a
   * document can be asked for with ctl:forceRequestBodyVariable: the names, comments and instructions of XML show nowhere
   * else.
   */
  variable = ''
  /** The body was longer than SecRequestBodyLimit and only its beginning is here. */
  truncated = false
  readonly #cells: CellMemory
  #arguments: readonly Entry[] | undefined

  constructor(processor: BodyProcessor, cells: CellMemory) {
    this.processor = processor
    this.#cells = cells
  }

  accept(raw: string, options: BodyParseOptions): void {
    const isForced = this.forced && this.processor !== 'MULTIPART'
    this.raw = raw
    this.variable = this.processor === 'URLENCODED' || isForced ? raw : ''
    this.parsedBy = this.processor
    this.parsed = parse(this.processor, raw, options)
    this.#arguments = undefined
  }

  get arguments(): readonly Entry[] {
    this.#arguments ??= toEntries(this.parsed.arguments, 'ARGS_POST', this.#cells)
    return this.#arguments
  }

  /** Names and values of what is not a file: what SecRequestBodyNoFilesLimit bounds. */
  get bytesWithoutFiles(): number {
    return this.parsed.arguments.reduce((bytes, { name, value }) => bytes + name.length + value.length, 0)
  }
}

function parse(processor: BodyProcessor, raw: string, options: BodyParseOptions): ParsedBody {
  switch (processor) {
    case 'URLENCODED':
      return parseUrlEncoded(raw, options.separator, options.limits)
    case 'MULTIPART':
      return parseMultipart(raw, options.contentType, options.limits)
    case 'JSON':
      return parseJson(raw, options.limits)
    case 'XML':
      return parseXml(raw, options.limits, options.xml)
    case '':
      return nothing
    default:
      return processor satisfies never
  }
}
