import { decodePercent } from './transformations/url-decode.ts'

const MASK = '********'
/** Of a form; what comes behind is hidden. A body of separators alone has a million. */
const MOST_MEMBERS = 10_000
/** Of what is looked for: V8 refuses larger patterns, and a client chooses how long its password is. */
const SOUGHT_CHARACTERS = 16_384

/** What sanitise… actions have kept out of the audit log. Names are in lower case. */
export interface SanitisedNames {
  readonly arguments: Set<string>
  readonly requestHeaders: Set<string>
  readonly responseHeaders: Set<string>
  /** Values that matched. */
  readonly values: Set<string>
}

export function nothingSanitised(): SanitisedNames {
  return { arguments: new Set(), requestHeaders: new Set(), responseHeaders: new Set(), values: new Set() }
}

/** Puts asterisks over texts of a record; made once the transaction is over and all that has to be hidden is known. */
export class Masker {
  readonly #names: SanitisedNames
  readonly #values: readonly string[]
  readonly #pattern: RegExp | undefined
  /** A text of this length could hold a value that is not looked for. */
  readonly #hiddenLength: number
  /** A text that is shorter can hold none. */
  readonly #shownLength: number

  /** @param values all that must not show, in whatever text it stands */
  constructor(names: SanitisedNames, values: readonly string[]) {
    this.#names = names
    this.#values = [...new Set(values)].filter((value) => value !== '').sort((a, b) => b.length - a.length)
    const { sought, hiddenLength } = chooseSought(this.#values)
    this.#hiddenLength = hiddenLength
    this.#shownLength = this.#values.at(-1)?.length ?? 0
    const escaped = sought.map((value) => value.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
    this.#pattern = escaped.length === 0 ? undefined : new RegExp(escaped.join('|'), 'gi')
  }

  get isIdle(): boolean {
    return this.#values.length === 0
  }

  /** A text in which a value may stand as it is, in another case or percent-encoded. */
  text(text: string): string {
    if (text.length >= this.#hiddenLength) return MASK
    if (this.#pattern === undefined || text.length < this.#shownLength) return text
    const masked = text.replace(this.#pattern, MASK)
    return decodePercent(masked).replaceAll(MASK, '').search(this.#pattern) < 0 ? masked : MASK
  }

  /** What may have been transformed until a value is not to be known in it any more. */
  derived(text: string): string {
    return this.isIdle || text === '' ? text : MASK
  }

  header(side: 'requestHeaders' | 'responseHeaders', name: string, value: string): string {
    return this.#names[side].has(name.toLowerCase()) ? MASK : this.text(value)
  }

  /** A query string or form: the values of arguments by name, those of the others if they show what is hidden. */
  form(text: string, separator: string): string {
    const hasNames = this.#names.arguments.size > 0
    if (this.isIdle && !hasNames) return text
    const members = text.split(separator, MOST_MEMBERS + 1)
    const masked = members
      .slice(0, MOST_MEMBERS)
      .map((member) => {
        const equals = member.indexOf('=')
        if (equals < 0) return this.text(member)
        const name = member.slice(0, equals)
        const isHidden = hasNames && this.#names.arguments.has(decodePercent(name).toLowerCase())
        return `${this.text(name)}=${isHidden ? MASK : this.text(member.slice(equals + 1))}`
      })
      .join(separator)
    return members.length > MOST_MEMBERS ? `${masked}${separator}${MASK}` : masked
  }
}

/** As many as have room, the shortest ones: those that are left out hide whole texts. Both sorted by length, longest first. */
function chooseSought(values: readonly string[]): { sought: readonly string[]; hiddenLength: number } {
  let first = values.length
  for (let room = SOUGHT_CHARACTERS; first > 0; first--) {
    room -= values[first - 1]?.length ?? 0
    if (room < 0) break
  }
  return { sought: values.slice(first), hiddenLength: values[first - 1]?.length ?? Number.POSITIVE_INFINITY }
}
