import type { BenchRequest } from '../requests/bench-request.ts'
import { formAttack, formRequest } from '../requests/form.ts'
import { getAttack, getRequest } from '../requests/get.ts'
import { jsonAttack, jsonRequest } from '../requests/json.ts'
import { uploadRequest } from '../requests/upload.ts'
import type { Values } from '../requests/values.ts'

/** What the proxies run with: the Core Rule Set at this level, or no WAF. */
export type Rules = 'level 1' | 'level 4' | 'off'
export type Transport = 'http' | 'https' | 'http2'

export interface NetworkWorkload {
  readonly name: string
  readonly title: string
  readonly rules: Rules
  readonly transport: Transport
  /** A connection for each request. */
  readonly close: boolean
  /** Part of the requests that have to be blocked. */
  readonly attacks: number
  /** `new`: no value comes twice; `same`: one request again and again. */
  readonly values: 'new' | 'same'
  make(values: Values): BenchRequest
  attack(values: Values): BenchRequest
}

const ordinary = {
  rules: 'level 1',
  transport: 'http',
  close: false,
  attacks: 0,
  values: 'new',
  make: getRequest,
  attack: getAttack,
} as const

/** Pages of a size that the origin has made ready, so that a proxy sees each a second time only after all others. */
export const pageSizes = [
  { path: '10k', bytes: 10_240, count: 2_000 },
  { path: '100k', bytes: 102_400, count: 400 },
] as const

export const networkWorkloads: readonly NetworkWorkload[] = [
  { ...ordinary, name: 'get', title: 'GET, browser headers' },
  { ...ordinary, name: 'get-same', title: 'the same GET again and again', values: 'same' },
  { ...ordinary, name: 'form', title: 'form, 12 fields', make: formRequest, attack: formAttack },
  { ...ordinary, name: 'json', title: 'JSON, 7 KB, 100 items', make: jsonRequest, attack: jsonAttack },
  { ...ordinary, name: 'page-10k', title: '10 KB page', make: (values) => pageGet(values, pageSizes[0]) },
  { ...ordinary, name: 'page-100k', title: '100 KB page', make: (values) => pageGet(values, pageSizes[1]) },
  { ...ordinary, name: 'upload', title: 'upload of 1 MB', make: (values) => uploadRequest(values, 1_048_576) },
  { ...ordinary, name: 'attacks', title: 'GET, 10 % attacks', attacks: 0.1 },
  { ...ordinary, name: 'tls', title: 'GET over TLS', transport: 'https' },
  { ...ordinary, name: 'http2', title: 'GET over HTTP/2', transport: 'http2' },
  { ...ordinary, name: 'close', title: 'GET, a connection each', close: true },
  { ...ordinary, name: 'level-4', title: 'GET, paranoia level 4', rules: 'level 4' },
  { ...ordinary, name: 'off', title: 'GET, no WAF', rules: 'off' },
]

function pageGet(values: Values, { path, count }: { path: string; count: number }): BenchRequest {
  const request = getRequest(values)
  const query = request.target.slice(request.target.indexOf('?'))
  return { ...request, target: `/page/${path}/${values.number(count)}${query}` }
}
