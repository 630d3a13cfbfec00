/** Whether (canonical host, token) belongs to an order that is pending. */
export type IsActive = (host: string, token: string) => boolean

const hit = /^(?:GET|HEAD) \/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{22,128}) HTTP\/1\.[01]$/
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/
const alias = /^(transfer|content|x|forwarded)[-_].*$/

/**
 * The invariant of the challenge responder, read off the bytes of an HTTP/1 request alone; written a second time here so
 * that the program is not its own judge. A request that is not well-formed is refused, hence never answered.
 */
export function isAnswered(bytes: string, isActive: IsActive): boolean {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return false
  const [requestLine = '', ...lines] = bytes.slice(0, end).split('\r\n')
  const token = hit.exec(requestLine)?.[1]
  const fields = lines.map((line) => fieldLine.exec(line))
  if (token === undefined || fields.some((field) => field === null)) return false
  const named = fields.map((field) => ({ name: (field?.[1] ?? '').toLowerCase(), value: (field?.[2] ?? '').trim() }))
  if (named.some(({ name }) => name.includes('_') && alias.test(name))) return false
  const values = (wanted: string) => named.filter(({ name }) => name === wanted).map(({ value }) => value)
  const lengths = values('content-length')
  const bodiless =
    values('transfer-encoding').length === 0 && lengths.length <= 1 && lengths.every((value) => /^0+$/.test(value))
  const [host, ...otherHosts] = values('host')
  if (!bodiless || host === undefined || otherHosts.length > 0 || values('expect').length > 0) return false
  const canonical = canonicalHost(host)
  return canonical !== undefined && isActive(canonical, token)
}

/** Names only, which is all that the generator of the property tests uses. */
function canonicalHost(host: string): string | undefined {
  const match = /^([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::\d{1,5})?$/i.exec(host)
  return match?.[1]?.toLowerCase()
}
