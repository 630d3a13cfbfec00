import { isUtf8 } from 'node:buffer'
import type { Case } from '../case.ts'
import type { Engines, Outcomes } from '../engines.ts'
import type { Exchange } from '../exchange.ts'
import type { Divergence } from '../explain.ts'
import { mapTexts } from '../map-rules.ts'
import type { Statement } from '../rule-model.ts'
import { bodyRules } from '../rule-words.ts'

const ERROR_RULE = 902

/** A body that either engine cannot read to the end: where it stops, and what it shows of it. */
export function brokenBodyDivergence(entry: number): Divergence {
  return {
    entry,
    async without(one, engines) {
      const { ours, theirs } = await readErrors(one, engines)
      if (!ours && !theirs) return undefined
      const body = wellFormed(typeOf(one.exchange))
      return body === undefined ? undefined : { ...one, exchange: { ...one.exchange, body } }
    },
  }
}

/** More arguments than SecArgumentsLimit allows: an error here, the rest left out there. */
export function argumentsLimitDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const unlimited = rules.filter(
        (statement) => statement.kind === 'rule' || !/^SecArgumentsLimit /.test(statement.text),
      )
      return unlimited.length === rules.length ? undefined : { rules: unlimited, exchange }
    },
  }
}

/** JSON that is stricter here: not UTF-8, or followed by something; and a document that is a single value. */
export function jsonDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const { body } = exchange
      if (body === undefined || typeOf(exchange) !== 'application/json') return undefined
      const utf8 = isUtf8(Buffer.from(body, 'latin1')) ? body : body.replace(/[\x80-\xff]/g, 'x')
      const changed = /^\s*[[{]/.test(utf8) ? withoutNamedArrays(utf8) : '{}'
      return changed === body ? undefined : { rules, exchange: { ...exchange, body: changed } }
    },
  }
}

/** An array that a key names is an argument of its own here: an object with the same names for its members is not. */
function withoutNamedArrays(text: string): string {
  const convert = (value: unknown, isNamed: boolean): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const members = Object.entries(value)
    if (Array.isArray(value) && !isNamed) return value.map((member) => convert(member, false))
    const prefix = Array.isArray(value) ? 'array_' : ''
    return Object.fromEntries(members.map(([key, member]) => [`${prefix}${key}`, convert(member, true)]))
  }
  try {
    return /:\s*\[/.test(text)
      ? toAscii(JSON.stringify(convert(JSON.parse(Buffer.from(text, 'latin1').toString()), false)))
      : text
  } catch {
    return text
  }
}

function toAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Without rules that say which bodies are JSON and what happens to broken ones: here the engine knows. */
export function bodyRulesDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const missing = bodyRules.filter(
        (text) => !rules.some((statement) => statement.kind !== 'rule' && statement.text === text),
      )
      if (missing.length === 0) return undefined
      const settings = rules.filter(({ kind }) => kind === 'setting')
      const others = rules.filter(({ kind }) => kind !== 'setting')
      const added = missing.map((text): Statement => ({ kind: 'directive', text }))
      return { rules: [...settings, ...added, ...others], exchange }
    },
  }
}

/** JSON in ARGS_POST, and the content of files: there they are empty. */
export function emptyThereDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const type = typeOf(exchange)
      const word =
        type === 'application/json' ? /^([!&]?)ARGS_POST(?:_NAMES)?(?=:|$).*/i : /^([!&]?)FILES_TMP_CONTENT.*/i
      if (type !== 'application/json' && type !== 'multipart/form-data') return undefined
      const changed = mapTexts(rules, (text, part) => (part === 'target' ? text.replace(word, '$1REMOTE_PORT') : text))
      return changed && { rules: changed, exchange }
    },
  }
}

/** XML: each element's own text here, besides that of the whole document: taken away by one element with one text. */
export function xmlTextDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      if (typeOf(exchange) !== 'text/xml' || exchange.body === undefined) return undefined
      const texts = exchange.body.match(/(?<=>)[^<]+(?=<)/g) ?? []
      const attributes = exchange.body.match(/<\w+(?:\s+\w+="[^"]*")+/g) ?? []
      if (texts.length < 2 && attributes.length === 0) return undefined
      return { rules, exchange: { ...exchange, body: `<a>${texts.join('').trim()}</a>` } }
    },
  }
}

/** Members of MULTIPART_FILENAME go by the field's name here, by the file's there. */
export function fileNameKeyDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapTexts(rules, (text, part) => {
        return part === 'target'
          ? text.replace(/^([!&]?MULTIPART_FILENAME):.*/i, (all, word) => (all[0] === '!' ? '!REMOTE_PORT' : word))
          : text
      })
      return changed && { rules: changed, exchange }
    },
  }
}

/** A part with an empty file name is a field for both, but there it is a member of MULTIPART_FILENAME as well. */
export function emptyFileNameDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const body = exchange.body?.replace(/;? *filename=""/g, '')
      return body === exchange.body ? undefined : { rules, exchange: { ...exchange, body } }
    },
  }
}

async function readErrors({ rules, exchange }: Case, engines: Engines): Promise<{ ours: boolean; theirs: boolean }> {
  const settings = rules.filter(({ kind }) => kind === 'setting')
  const probes = bodyRules
    .filter((text) => !settings.some((statement) => statement.kind === 'setting' && statement.text === text))
    .map((text): Statement => ({ kind: 'directive', text }))
  const outcomes = await engines.runAll([...settings, ...probes], [exchange])
  const has = (side: keyof Outcomes): boolean =>
    typeof outcomes !== 'string' && outcomes[0]?.[side].matches.has(ERROR_RULE) === true
  return { ours: has('ours'), theirs: has('theirs') }
}

function typeOf({ headers }: Exchange): string {
  const value = headers.find(([name]) => /^content-type$/i.test(name))?.[1] ?? ''
  return /^[^;\s]*/.exec(value)?.[0].toLowerCase() ?? ''
}

function wellFormed(type: string): string | undefined {
  if (type === 'application/json') return '{}'
  if (type === 'text/xml') return '<a/>'
  if (type === 'multipart/form-data')
    return '--bound1\r\nContent-Disposition: form-data; name="z"\r\n\r\n\r\n--bound1--\r\n'
  return undefined
}
