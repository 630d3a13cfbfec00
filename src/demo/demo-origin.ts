import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { demoPage } from './demo-page.ts'

export interface DemoOrigin {
  readonly port: number
  close(): Promise<void>
}

const maxBodyBytes = 65_536

/**
 * The application behind the demo's edge, on a free port of 127.0.0.1: a page with forms at `/`, and everywhere else a JSON
 * description of the request that arrived. It reads no file, runs nothing and keeps nothing.
 */
export async function startDemoOrigin(): Promise<DemoOrigin> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve)
  await listening.promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return {
    port: address.port,
    async close() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bodyBytes = await countBody(request)
  if (bodyBytes > maxBodyBytes) return send(response, 413, { type: 'text/plain', body: 'too much\n' })
  const [path] = (request.url ?? '/').split('?', 1)
  if (path === '/') return send(response, 200, { type: 'text/html; charset=utf-8', body: demoPage })
  const seen = {
    from: 'demo origin',
    method: request.method,
    target: request.url,
    host: request.headers.host,
    bodyBytes,
  }
  // JSON, never HTML: what a client sent cannot become a page.
  send(response, 200, { type: 'application/json', body: `${JSON.stringify(seen, null, 2)}\n` })
}

function send(response: ServerResponse, status: number, content: { type: string; body: string }): void {
  response.writeHead(status, {
    'content-type': content.type,
    'content-length': Buffer.byteLength(content.body),
    'x-content-type-options': 'nosniff',
  })
  response.end(content.body)
}

/** Reads the body to its end, so that the connection can be used again, and stops counting just above the limit. */
async function countBody(request: IncomingMessage): Promise<number> {
  let bytes = 0
  for await (const chunk of request) bytes = Math.min(bytes + chunk.length, maxBodyBytes + 1)
  return bytes
}
