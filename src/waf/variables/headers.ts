import { Entry } from '../entry.ts'
import type { VariableWord } from './variable.ts'

export const requestHeaders: VariableWord = {
  name: 'REQUEST_HEADERS',
  shape: 'collection',
  settled: 1,
  read: ({ request }) => request.headers,
  find: ({ request }, lowerKey) => request.headersNamed(lowerKey),
}

export const requestHeadersNames = namesOf('REQUEST_HEADERS_NAMES', requestHeaders)

export const requestCookies: VariableWord = {
  name: 'REQUEST_COOKIES',
  shape: 'collection',
  settled: 1,
  read: ({ request }) => request.cookies,
}

export const requestCookiesNames = namesOf('REQUEST_COOKIES_NAMES', requestCookies)

/** `X_NAMES` of a collection X: its keys as values, under the same keys, so that `!X_NAMES:key` can leave one out. */
export function namesOf(name: string, collection: VariableWord): VariableWord {
  return {
    name,
    shape: 'collection',
    settled: collection.settled,
    read(state) {
      return state.read(collection).map(({ key = '' }) => new Entry(name, key, state.cells.cellOf(key)))
    },
  }
}
