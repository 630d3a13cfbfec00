import type { RawHeaders } from '../http.ts'

/**
 * Several Content-Type fields become one, in the place of the first: a single value that the WAF inspects and the origin
 * gets. RFC 9110 §5.3 allows a recipient to combine fields so; left apart, each of two readers could believe another one.
 */
export function joinContentTypes(headers: RawHeaders): RawHeaders {
  const places: number[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string // even index of a pair list
    if (name.length === 12 && name.toLowerCase() === 'content-type') places.push(i)
  }
  const [first, ...others] = places
  if (first === undefined || others.length === 0) return headers
  const joined = [...headers]
  joined[first + 1] = places.map((place) => headers[place + 1]).join(', ')
  for (const place of others.reverse()) joined.splice(place, 2)
  return joined
}
