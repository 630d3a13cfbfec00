/** One request of a workload and what the origin says to it. Strings hold one byte a character. */
export interface BenchRequest {
  readonly method: 'GET' | 'POST'
  readonly target: string
  /** Name, value, name, value … */
  readonly headers: readonly string[]
  readonly body: Buffer | undefined
  readonly response: BenchResponse
}

export interface BenchResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

/** What an origin without anything to inspect says: the page's type is not one whose body is looked at. */
export const plainResponse: BenchResponse = {
  status: 200,
  headers: ['Server', 'nginx', 'Content-Type', 'application/octet-stream', 'Content-Length', '1024'],
  body: Buffer.alloc(1024, 'x'),
}

export function pageResponse(page: string): BenchResponse {
  const body = Buffer.from(page, 'latin1')
  return {
    status: 200,
    headers: ['Server', 'nginx', 'Content-Type', 'text/html', 'Content-Length', String(body.length)],
    body,
  }
}

/** For a message: enough of a request to send it again. */
export function showRequest({ method, target, headers, body }: BenchRequest): string {
  return `${method} ${target}\n${headers.join(' ')}\n${body?.toString('latin1', 0, 10_000) ?? ''}`
}
