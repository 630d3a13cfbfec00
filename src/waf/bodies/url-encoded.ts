import { decodePercent } from '../transformations/url-decode.ts'
import type { Argument, BodyLimits, ParsedBody } from './body-parser.ts'

/**
 * Names and values of a form body or query string, each decoded once. A broken `%` stays as it was sent, a member without
 * `=` has an empty value, and one of which only the separator is there has an empty name, too. Members beyond
 * `limits.argumentCount` are an error.
 */
export function parseUrlEncoded(body: string, separator: string, limits: BodyLimits): ParsedBody {
  const found: Argument[] = []
  let error: string | undefined
  for (let start = 0; start < body.length; ) {
    const next = body.indexOf(separator, start)
    const end = next === -1 ? body.length : next
    if (found.length >= limits.argumentCount) {
      error = `more than ${limits.argumentCount} arguments`
      break
    }
    found.push(readMember(body.slice(start, end)))
    start = end + separator.length
  }
  return { arguments: found, files: [], partHeaders: [], multipart: undefined, error }
}

function readMember(text: string): Argument {
  const equals = text.indexOf('=')
  if (equals < 0) return { name: decodePercent(text), value: '' }
  return { name: decodePercent(text.slice(0, equals)), value: decodePercent(text.slice(equals + 1)) }
}
