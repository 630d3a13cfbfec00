import type { TestRequest, TestResponse } from '../helpers/rule-engine.ts'

/** A request and its response, given to both engines. All text is one character a byte. */
export interface Exchange {
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: string | undefined
  readonly response: { readonly status: number; readonly headers: readonly Header[]; readonly body: string }
}

export type Header = readonly [name: string, value: string]

const ID = 'differential-1'
const PROTOCOL = 'HTTP/1.1'
const CLIENT = { address: '192.0.2.1', port: 40_000 }
const SERVER = { address: '198.51.100.1', port: 8080 }

/** As tests/differential/oracle.py reads it. */
export function forOracle({ method, target, headers, body, response }: Exchange): object {
  return { id: ID, protocol: PROTOCOL, client: CLIENT, server: SERVER, method, target, headers, body, response }
}

/** As the tests' own driver of acme-edge's engine reads it. */
export function forEngine({ method, target, headers, body, response }: Exchange): [TestRequest, TestResponse] {
  const request = {
    id: ID,
    protocol: PROTOCOL,
    client: CLIENT.address,
    server: SERVER,
    method,
    target,
    headers: headers.flat(),
    ...(body === undefined ? {} : { body }),
  }
  return [request, { status: response.status, headers: response.headers.flat(), body: response.body }]
}
