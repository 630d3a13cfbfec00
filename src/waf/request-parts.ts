import type { Argument, ParsedBody } from './bodies/body-parser.ts'
import { parseCookies } from './bodies/cookies.ts'
import { parseUrlEncoded } from './bodies/url-encoded.ts'
import type { CellMemory } from './cell-memory.ts'
import { Entry } from './entry.ts'
import type { TransactionInput } from './transaction-types.ts'

export type BodyProcessor = '' | 'URLENCODED' | 'MULTIPART' | 'JSON' | 'XML'

/** Everything that follows from a request's head, each part worked out when first asked for. */
export class RequestParts {
  readonly #input: TransactionInput
  readonly #separator: string
  readonly #cells: CellMemory
  #headers: readonly Entry[] | undefined
  #headersByName: ReadonlyMap<string, readonly Entry[]> | undefined
  #query: ParsedBody | undefined
  #arguments: readonly Entry[] | undefined
  #cookies: readonly Entry[] | undefined

  constructor(input: TransactionInput, { separator, cells }: { separator: string; cells: CellMemory }) {
    this.#input = input
    this.#separator = separator
    this.#cells = cells
  }

  /** Without the query string, undecoded. */
  get path(): string {
    const { target } = this.#input
    const mark = target.indexOf('?')
    return mark < 0 ? target : target.slice(0, mark)
  }

  get queryString(): string {
    const { target } = this.#input
    const mark = target.indexOf('?')
    return mark < 0 ? '' : target.slice(mark + 1)
  }

  get headers(): readonly Entry[] {
    this.#headers ??= pairs(this.#input.headers, 'REQUEST_HEADERS', this.#cells)
    return this.#headers
  }

  /** Those of that name, in lower case. */
  headersNamed(lowerName: string): readonly Entry[] {
    this.#headersByName ??= groupByName(this.headers)
    return this.#headersByName.get(lowerName) ?? []
  }

  /** Members of the query string. Their number is bounded by the target's length alone: none goes uninspected. */
  get arguments(): readonly Entry[] {
    this.#arguments ??= toEntries(this.query.arguments, 'ARGS_GET', this.#cells)
    return this.#arguments
  }

  get query(): ParsedBody {
    this.#query ??= parseUrlEncoded(this.queryString, this.#separator, unlimited)
    return this.#query
  }

  /** All Cookie headers, one after the other. */
  get cookies(): readonly Entry[] {
    this.#cookies ??= this.headerValues('cookie').flatMap((value) =>
      toEntries(parseCookies(value), 'REQUEST_COOKIES', this.#cells),
    )
    return this.#cookies
  }

  headerValues(lowerName: string): string[] {
    const { headers } = this.#input
    const values: string[] = []
    for (let i = 0; i + 1 < headers.length; i += 2) {
      if (headers[i]?.toLowerCase() === lowerName) values.push(headers[i + 1] ?? '')
    }
    return values
  }

  /**
   * The first Content-Type that has a parser decides, so that a second one, in a field of its own or behind a comma, cannot
   * switch inspection off. JSON counts only with `jsonByType`: a rule set that chooses it by a rule (ModSecurity's 200001)
   * is left to do so, unless the type stands where such a rule does not look: behind another one. So with XML.
   */
  bodyProcessor(jsonByType: boolean): BodyProcessor {
    const types = this.headerValues('content-type').flatMap((value) => value.split(','))
    for (const [index, value] of types.entries()) {
      if (/^\s*application\/x-www-form-urlencoded(?:$|[;\s])/i.test(value)) return 'URLENCODED'
      if (/^\s*multipart\/form-data/i.test(value)) return 'MULTIPART'
      if ((jsonByType || index > 0) && /^\s*(?:application|text)\/(?:[^\s;]+\+)?json(?:$|[;\s])/i.test(value))
        return 'JSON'
      if (index > 0 && /^\s*(?:application|text)\/(?:[^\s;]+\+)?xml(?:$|[;\s])/i.test(value)) return 'XML'
    }
    return ''
  }
}

export function toEntries(found: readonly Argument[], collection: string, cells: CellMemory): Entry[] {
  return found.map(({ name, value }) => new Entry(collection, name, cells.cellOf(value)))
}

function groupByName(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const groups = new Map<string, Entry[]>()
  for (const entry of entries) {
    const group = groups.get(entry.lowerKey)
    if (group === undefined) groups.set(entry.lowerKey, [entry])
    else group.push(entry)
  }
  return groups
}

/** Raw header pairs as entries; names keep their case. */
export function pairs(headers: readonly string[], collection: string, cells: CellMemory): Entry[] {
  const entries: Entry[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    entries.push(new Entry(collection, headers[i] ?? '', cells.cellOf(headers[i + 1] ?? '')))
  }
  return entries
}

const unlimited = {
  argumentCount: Number.POSITIVE_INFINITY,
  jsonDepth: 0,
  fileCount: 0,
  xmlDepth: 0,
}
