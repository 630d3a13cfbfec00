import { type IncomingMessage, METHODS, type Server, type ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** The request and response of Node's server, HTTP/1 or HTTP/2. */
export type RawHandler = (
  message: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void

/** Options by which fastify lets every request through to the one route, whatever its target and Host. */
export const catchAllOptions = {
  rewriteUrl: () => '/', // the target as received stays in originalUrl: no decoding, no 400 for odd bytes
  logger: false,
  clientErrorHandler: () => undefined, // the listener's own handler answers and records
  return503OnClosing: false, // the edge drains by itself
} as const

/**
 * Makes one handler answer everything: each method that Node's parser knows, with bodies left alone, and again as the
 * not-found handler. No route can be added beside it, so no path has a way around the pipeline.
 */
export function routeEverything(app: FastifyInstance, handler: RawHandler): void {
  takeUnknownMethods(app.server, handler)
  for (const method of METHODS) {
    if (method !== 'CONNECT') app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  }
  const handle = (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    handler(request.raw, reply.raw)
  }
  app.all('/', { exposeHeadRoute: false }, handle)
  app.setNotFoundHandler(handle)
}

/** HTTP/2 lets any method through, and fastify answers by itself what has one that it does not know. */
function takeUnknownMethods(server: Server, handler: RawHandler): void {
  const routes = server.listeners('request') as RawHandler[] // fastify's own, made with the server
  server.removeAllListeners('request')
  server.on('request', (message, response) => {
    if (!METHODS.includes(message.method ?? '')) return handler(message, response)
    for (const route of routes) route(message, response)
  })
}
