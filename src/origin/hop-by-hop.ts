import type { RawHeaders } from '../http.ts'

/** RFC 9110 §7.6.1, and fields that are about one connection whoever names them. Framing is made anew on each side. */
const hopByHop = new Set([
  'connection',
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What `Connection` may not take away: fields that the origin trusts, or that decide what was inspected. */
const endToEnd =
  /^(?:x-forwarded-.*|x-real-ip|forwarded|host|cookie|authorization|content-.*|cache-control|user-agent|set-cookie)$/

/** The lower-case names that a `Connection` field makes hop-by-hop, minus those that nobody may strip by it. */
export function connectionOptions(headers: RawHeaders): ReadonlySet<string> | undefined {
  let options: Set<string> | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string // even index of a pair list
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    for (const option of (headers[i + 1] ?? '').toLowerCase().split(',')) {
      const trimmed = option.trim()
      if (trimmed === '' || endToEnd.test(trimmed)) continue
      options ??= new Set()
      options.add(trimmed)
    }
  }
  return options
}

/** Whether a field can be any of `names` by its first letter: most fields need no closer look. */
export function firstLetterTest(names: Iterable<string>): (name: string) => boolean {
  const table = new Uint8Array(128)
  for (const name of names) {
    table[name.charCodeAt(0)] = 1
    table[name.toUpperCase().charCodeAt(0)] = 1
  }
  return (name) => table[name.charCodeAt(0)] === 1
}

/** Whether a field, in any case, may end here even though no `Connection` names it. */
export const mayBeHopByHop = firstLetterTest(hopByHop)

/** Whether a field ends here; `options` come from `connectionOptions`. */
export function isHopByHop(lowerName: string, options: ReadonlySet<string> | undefined): boolean {
  return hopByHop.has(lowerName) || options?.has(lowerName) === true
}
