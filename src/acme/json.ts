import { EdgeError } from '../errors.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** What the CA sent, as an object. Throws ACME_EDGE_ACME_PROTOCOL. */
export function parseObject(data: unknown, what: string): JsonObject {
  if (isObject(data)) return data
  throw new EdgeError(
    'ACME_EDGE_ACME_PROTOCOL',
    `the CA sent no ${what}: is acme.directory the address of an ACME server?`,
  )
}

export function isObject(data: unknown): data is JsonObject {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

/** A member that must be a text. */
export function parseText(object: JsonObject, member: string, what: string): string {
  const value = object[member]
  if (typeof value === 'string') return value
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `the CA sent ${what} without ${member}`)
}

/** A member that must be an absolute URL. */
export function parseUrl(object: JsonObject, member: string, what: string): string {
  const url = parseText(object, member, what)
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `the CA sent ${what} whose ${member} is no URL`)
}
