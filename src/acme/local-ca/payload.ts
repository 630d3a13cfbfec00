import { Problem } from './problem.ts'

export type JsonObject = Readonly<Record<string, unknown>>

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a JSON object off the wire; anything else is `malformed`, `what` says which part of the request it was. */
export function parseJsonObject(text: string, what: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Problem('malformed', `${what} is not JSON`)
  }
  if (!isJsonObject(value)) throw new Problem('malformed', `${what} is not a JSON object`)
  return value
}

/** Decodes unpadded base64url; Buffer alone would skip over foreign characters (RFC 8555 §6.1 forbids padding). */
export function decodeBase64url(text: unknown, what: string): Buffer {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new Problem('malformed', `${what} is not unpadded base64url`)
  }
  return Buffer.from(text, 'base64url')
}
