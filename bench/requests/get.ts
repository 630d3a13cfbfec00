import { type BenchRequest, plainResponse } from './bench-request.ts'
import { browserHeaders } from './browser-headers.ts'
import type { Values } from './values.ts'

export function getRequest(values: Values): BenchRequest {
  return {
    method: 'GET',
    target: `/catalog?page=${values.digits(4)}&q=${values.name()}+${values.word()}`,
    headers: browserHeaders(values),
    body: undefined,
    response: plainResponse,
  }
}

/** The same with an injection in the query string. */
export function getAttack(values: Values): BenchRequest {
  const request = getRequest(values)
  return { ...request, target: `${request.target}&id=${values.digits(2)}%27%20OR%201=1--%20` }
}
