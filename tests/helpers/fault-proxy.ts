import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Pebble } from './pebble.ts'

/** What happens to a request on its way to the CA. */
export type Fault =
  /** Answered here; the CA never sees it. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body: string
    }
  /** Done by the CA, and the connection cut before the answer. */
  | { readonly kind: 'lose reply' }
  /** Taken and never answered. */
  | { readonly kind: 'hang' }
  /** Passed on after a while. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The CA's answer, changed. */
  | { readonly kind: 'rewrite'; readonly change: (body: string) => string; readonly headers?: Record<string, string> }

export interface Exchange {
  readonly method: string
  readonly path: string
  /** Of the JWS, decoded; empty for POST-as-GET and GET. */
  readonly payload: string
}

export interface FaultProxy {
  readonly directory: string
  /** Every request that came, in order. */
  readonly seen: Exchange[]
  close(): Promise<void>
}

/** A proxy in front of Pebble that fails as networks and CAs do, where `choose` says so; `answered` learns what Pebble answered. */
export async function startFaultProxy(
  pebble: Pebble,
  choose: (exchange: Exchange) => Fault | undefined,
  answered: (exchange: Exchange, status: number) => void = () => undefined,
): Promise<FaultProxy> {
  const { certificate, privateKey } = pebble.tls
  const [cert, key, ca] = await Promise.all([certificate, privateKey, pebble.rootCa].map((path) => readFile(path)))
  const seen: Exchange[] = []
  const server = createServer({ cert, key }, async (incoming, response) => {
    const body = await readAll(incoming)
    const exchange = { method: String(incoming.method), path: String(incoming.url), payload: payloadOf(body) }
    seen.push(exchange)
    const fault = choose(exchange)
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, { 'content-type': 'application/problem+json', ...fault.headers }).end(fault.body)
      return
    }
    if (fault?.kind === 'slow') await delay(fault.ms)
    const status = await forward({ incoming, body, response, port: pebble.acmePort, ca, fault })
    if (status !== undefined) answered(exchange, status)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listening on TCP
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    seen,
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

interface Forwarding {
  readonly incoming: IncomingMessage
  readonly body: string
  readonly response: ServerResponse
  readonly port: number
  readonly ca: Buffer | undefined
  readonly fault: Exclude<Fault, { kind: 'hang' | 'answer' }> | undefined
}

async function forward({ incoming, body, response, port, ca, fault }: Forwarding): Promise<number | undefined> {
  const { method, url, headers } = incoming
  // The Host stays ours: Pebble makes its addresses from it, and the signed URL must equal them.
  const outgoing = request({ host: '127.0.0.1', port, ca, method, path: url, headers, agent: false })
  outgoing.end(body)
  const [answer] = (await once(outgoing, 'response').catch(() => [undefined])) as [IncomingMessage | undefined]
  const text = answer === undefined ? '' : await readAll(answer)
  if (answer === undefined || fault?.kind === 'lose reply') {
    response.destroy() // also while the CA is down
    return answer?.statusCode
  }
  const changes = fault?.kind === 'rewrite' ? fault : undefined
  const changed = changes ? changes.change(text) : text
  const { 'content-length': _length, 'transfer-encoding': _coding, ...kept } = answer.headers
  response.writeHead(answer.statusCode ?? 502, { ...kept, ...changes?.headers })
  response.end(method === 'HEAD' ? undefined : changed)
  return answer.statusCode
}

async function readAll(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function payloadOf(body: string): string {
  if (body === '') return ''
  return Buffer.from(String(JSON.parse(body).payload), 'base64url').toString('utf8')
}
