import type { ParsedBody } from './bodies/body-parser.ts'
import type { Entry } from './entry.ts'
import { type BodyParts, locateBodyParts, type PlacedFile } from './multipart-places.ts'
import type { Span } from './operators/operator.ts'
import type { TransactionState } from './transaction-state.ts'
import { findVariable } from './variables/index.ts'

/** A name and its value, and where each begins. */
export interface PlacedPair {
  readonly nameOffset: number
  readonly name: string
  readonly valueOffset: number
  readonly value: string
}

/**
 * Where a value stands in the request: request line, headers, an empty line and body, each line ended by one line feed.
 * None for what is not a part of it, as a number of values, or for JSON and XML, whose text is not that of the values.
 */
export function placesOf(entry: Entry, state: TransactionState): readonly Span[] {
  const find = finders[entry.collection]
  const word = findVariable(entry.collection)
  if (find === undefined || word === undefined) return []
  // `&ARGS` bears the name of the collection, but is not in it.
  const entries = state.read(word)
  // Equal values may share a cell: the entry itself tells them apart, where it is among these.
  const itself = entries.indexOf(entry)
  const index = itself >= 0 ? itself : entries.findIndex(({ cell }) => cell === entry.cell)
  return index < 0 ? [] : find(placesIn(state), index, entry)
}

/** Worked out once a transaction: a flood of matches must not take a long body apart for each. */
function placesIn(state: TransactionState): RequestPlaces {
  state.places ??= new RequestPlaces(state)
  return state.places
}

type Finder = (places: RequestPlaces, index: number, entry: Entry) => readonly Span[]

const finders: Readonly<Record<string, Finder>> = {
  REQUEST_METHOD: ({ method }) => [span(0, method)],
  REQUEST_LINE: ({ line }) => [span(0, line)],
  REQUEST_URI: ({ target, targetOffset }) => [span(targetOffset, target)],
  REQUEST_URI_RAW: ({ target, targetOffset }) => [span(targetOffset, target)],
  REQUEST_FILENAME: ({ path, targetOffset }) => [span(targetOffset, path)],
  PATH_INFO: ({ path, targetOffset }) => [span(targetOffset, path)],
  REQUEST_BASENAME: ({ path, targetOffset }, _, { cell }) => [
    span(targetOffset + Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1, cell.raw),
  ],
  QUERY_STRING: ({ queryOffset, query }) => (queryOffset === undefined ? [] : [span(queryOffset, query)]),
  REQUEST_PROTOCOL: ({ protocolOffset, protocol }) => [span(protocolOffset, protocol)],
  REQUEST_HEADERS: ({ headers }, index) => valueAt(headers, index),
  REQUEST_HEADERS_NAMES: ({ headers }, index) => nameAt(headers, index),
  REQUEST_COOKIES: ({ cookies }, index) => valueAt(cookies, index),
  REQUEST_COOKIES_NAMES: ({ cookies }, index) => nameAt(cookies, index),
  AUTH_TYPE: (places, _, { cell }) =>
    places.header('authorization').map(({ valueOffset }) => span(valueOffset, cell.raw)),
  REMOTE_USER: (places) => places.header('authorization').map(({ valueOffset, value }) => span(valueOffset, value)),
  SERVER_NAME: (places, _, { cell }) => places.header('host').map(({ valueOffset }) => span(valueOffset, cell.raw)),
  ARGS_GET: ({ queryArguments }, index, { cell }) => valueAt(queryArguments, index, cell.raw),
  ARGS_GET_NAMES: ({ queryArguments }, index, { cell }) => nameAt(queryArguments, index, cell.raw),
  ARGS_POST: ({ bodyArguments }, index, { cell }) => valueAt(bodyArguments, index, cell.raw),
  ARGS_POST_NAMES: ({ bodyArguments }, index, { cell }) => nameAt(bodyArguments, index, cell.raw),
  ARGS: ({ allArguments }, index, { cell }) => valueAt(allArguments, index, cell.raw),
  ARGS_NAMES: ({ allArguments }, index, { cell }) => nameAt(allArguments, index, cell.raw),
  ARGS_COMBINED_SIZE: ({ allArguments, argumentEntries }) =>
    argumentEntries.flatMap(({ key, cell }, index) => [
      ...nameAt(allArguments, index, key),
      ...valueAt(allArguments, index, cell.raw),
    ]),
  REQUEST_BODY: wholeBody,
  REQUEST_BODY_LENGTH: wholeBody,
  FILES: ({ files }, index) => files.slice(index, index + 1).map(({ fileName }) => fileName),
  MULTIPART_FILENAME: ({ files }, index) => files.slice(index, index + 1).map(({ fileName }) => fileName),
  FILES_NAMES: ({ files }, index) => files.slice(index, index + 1).map(({ field }) => field),
  MULTIPART_NAME: ({ partNames }, index) => partNames.slice(index, index + 1),
  FILES_SIZES: ({ files }, index) => files.slice(index, index + 1).map(({ content }) => content),
  FILES_TMP_CONTENT: ({ files }, index) => files.slice(index, index + 1).map(({ content }) => content),
  FILES_COMBINED_SIZE: ({ files }) => files.map(({ content }) => content),
}

function wholeBody({ bodyOffset, body }: RequestPlaces): readonly Span[] {
  return body === '' ? [] : [span(bodyOffset, body)]
}

/** What a body consists of, once it was parsed. */
interface PlacedBody {
  readonly parsed: ParsedBody
  readonly parts: BodyParts
}

/** The request as one text, and where its parts begin. */
export class RequestPlaces {
  readonly #state: TransactionState
  #headers: readonly PlacedPair[] | undefined
  #queryArguments: readonly PlacedPair[] | undefined
  #allArguments: { readonly fields: readonly PlacedPair[]; readonly all: readonly PlacedPair[] } | undefined
  #body: PlacedBody | undefined

  constructor(state: TransactionState) {
    this.#state = state
  }

  get method(): string {
    return this.#state.input.method
  }

  get target(): string {
    return this.#state.input.target
  }

  get protocol(): string {
    return this.#state.input.protocol
  }

  get line(): string {
    return `${this.method} ${this.target} ${this.protocol}`
  }

  get targetOffset(): number {
    return this.method.length + 1
  }

  get path(): string {
    return this.#state.request.path
  }

  get query(): string {
    return this.#state.request.queryString
  }

  get queryOffset(): number | undefined {
    return this.path.length === this.target.length ? undefined : this.targetOffset + this.path.length + 1
  }

  get protocolOffset(): number {
    return this.targetOffset + this.target.length + 1
  }

  get headers(): readonly PlacedPair[] {
    this.#headers ??= this.#placeHeaders()
    return this.#headers
  }

  #placeHeaders(): PlacedPair[] {
    let offset = this.line.length + 1
    return this.#state.request.headers.map(({ key: name = '', cell: { raw: value } }) => {
      const pair = { nameOffset: offset, name, valueOffset: offset + name.length + 2, value }
      offset = pair.valueOffset + value.length + 1
      return pair
    })
  }

  /** The first of that name, or none. */
  header(lowerName: string): readonly PlacedPair[] {
    return this.headers.filter(({ name }) => name.toLowerCase() === lowerName).slice(0, 1)
  }

  get cookies(): readonly PlacedPair[] {
    const headers = this.headers.filter(({ name }) => name.toLowerCase() === 'cookie')
    return headers.flatMap(({ value, valueOffset }) =>
      splitPairs(value, { offset: valueOffset, separator: ';', count: 'all' }),
    )
  }

  get queryArguments(): readonly PlacedPair[] {
    const count = this.#state.request.arguments.length
    const options = { offset: this.queryOffset ?? 0, separator: this.#separator, count }
    this.#queryArguments ??= splitPairs(this.query, options)
    return this.#queryArguments
  }

  get bodyOffset(): number {
    const last = this.headers.at(-1)
    return (last === undefined ? this.line.length : last.valueOffset + last.value.length) + 2
  }

  get body(): string {
    return this.#state.requestBody.raw
  }

  get bodyArguments(): readonly PlacedPair[] {
    return this.#parts.fields
  }

  get allArguments(): readonly PlacedPair[] {
    const fields = this.bodyArguments
    if (this.#allArguments?.fields !== fields) this.#allArguments = { fields, all: [...this.queryArguments, ...fields] }
    return this.#allArguments.all
  }

  get argumentEntries(): readonly Entry[] {
    return [...this.#state.request.arguments, ...this.#state.requestBody.arguments]
  }

  get files(): readonly PlacedFile[] {
    return this.#parts.files
  }

  /** Of fields, then of files. */
  get partNames(): readonly Span[] {
    const { fields, files } = this.#parts
    return [...fields.map(({ nameOffset, name }) => span(nameOffset, name)), ...files.map(({ field }) => field)]
  }

  get #parts(): BodyParts {
    const { parsed } = this.#state.requestBody
    if (this.#body?.parsed !== parsed) this.#body = { parsed, parts: this.#placeBody(parsed) }
    return this.#body.parts
  }

  #placeBody(parsed: ParsedBody): BodyParts {
    switch (this.#state.requestBody.parsedBy) {
      case 'URLENCODED': {
        const options = { offset: this.bodyOffset, separator: this.#separator, count: parsed.arguments.length }
        return { fields: splitPairs(this.body, options), files: [] }
      }
      case 'MULTIPART':
        return locateBodyParts(parsed, this.body, this.bodyOffset)
      default:
        return { fields: [], files: [] }
    }
  }

  get #separator(): string {
    return this.#state.settings.argumentSeparator
  }
}

interface Splitting {
  readonly offset: number
  readonly separator: string
  /** Fields: as many as were read, a body may have a hundred thousand more. Cookies: all. */
  readonly count: number | 'all'
}

/** As the parsers of forms and cookies take members apart: an empty one is never a cookie. */
function splitPairs(text: string, { offset, separator, count }: Splitting): PlacedPair[] {
  const pairs: PlacedPair[] = []
  let start = offset
  const blanks = count === 'all'
  const members = text.split(separator, blanks ? undefined : count)
  for (const written of members) {
    const member = blanks ? written.replace(/^[\t ]+/, '') : written
    const nameOffset = start + written.length - member.length
    start += written.length + separator.length
    if (member === '' && blanks) continue
    const equals = member.indexOf('=')
    const name = equals < 0 ? member : member.slice(0, equals)
    const value = equals < 0 ? '' : member.slice(equals + 1)
    pairs.push({ nameOffset, name, valueOffset: nameOffset + name.length + 1, value })
  }
  return pairs
}

/** @param decoded what rules see of it, whose length counts: ModSecurity shows that */
function valueAt(pairs: readonly PlacedPair[], index: number, decoded?: string): Span[] {
  return pairs.slice(index, index + 1).map(({ valueOffset, value }) => span(valueOffset, decoded ?? value))
}

function nameAt(pairs: readonly PlacedPair[], index: number, decoded?: string): Span[] {
  return pairs.slice(index, index + 1).map(({ nameOffset, name }) => span(nameOffset, decoded ?? name))
}

function span(offset: number, { length }: string): Span {
  return { offset, length }
}
