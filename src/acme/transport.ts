import { readFile } from 'node:fs/promises'
import { Agent, type Dispatcher, request } from 'undici'
import { EdgeError } from '../errors.ts'
import { version } from '../version.ts'
import { abortError, throwIfAborted } from './abort.ts'
import { unreachable } from './unreachable.ts'

export interface AcmeResponse {
  readonly status: number
  /** Names in lower case; of a repeated header the first value, but all of `link` (RFC 8288 §3). */
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON where the media type says so, else text. */
  readonly data: unknown
}

export interface AcmeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: string
  readonly body?: string
}

export interface Transport {
  send(message: AcmeRequest, signal: AbortSignal): Promise<AcmeResponse>
  close(): Promise<void>
}

/** A certificate chain is a few KiB; a server that sends without end must not fill the memory. */
const maxResponseBytes = 1024 * 1024
const connectTimeoutMs = 10_000
/** Boulder may take several seconds for newOrder and finalize. */
const answerTimeoutMs = 30_000

/**
 * HTTP to one CA: verified TLS (against `rootCa`, a PEM file, instead of the system's roots where given), time limits, no
 * redirects, no retries. Throws ACME_EDGE_ACME_ROOT_CA_UNREADABLE; its `send` throws ACME_EDGE_ACME_UNREACHABLE.
 */
export async function openTransport(options: { readonly rootCa: string | undefined }): Promise<Transport> {
  const ca = options.rootCa === undefined ? undefined : await readRootCa(options.rootCa)
  const agent = new Agent({
    connect: { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) },
    headersTimeout: answerTimeoutMs,
    bodyTimeout: answerTimeoutMs,
    connections: 4,
  })
  return { send: (message, signal) => send(agent, message, signal), close: () => agent.destroy() }
}

async function send(dispatcher: Dispatcher, message: AcmeRequest, signal: AbortSignal): Promise<AcmeResponse> {
  throwIfAborted(signal)
  try {
    const { method, url, body } = message
    const headers = {
      // RFC 8555 §6.1: clients MUST send a User-Agent.
      'user-agent': `acme-edge/${version}`,
      accept: 'application/json, application/problem+json, application/pem-certificate-chain',
      ...(body === undefined ? {} : { 'content-type': 'application/jose+json' }),
    }
    const response = await request(url, { dispatcher, method, headers, signal, body: body ?? null })
    const text = await readBody(response.body, url)
    return { status: response.statusCode, headers: flatten(response.headers), data: parseBody(response.headers, text) }
  } catch (error) {
    if (signal.aborted) throw abortError(signal)
    throw error instanceof EdgeError ? error : unreachable(message.url, error)
  }
}

async function readBody(body: AsyncIterable<Buffer>, url: string): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > maxResponseBytes) {
      throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `${url} answered with more than ${maxResponseBytes} bytes`)
    }
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parseBody(headers: Record<string, string | string[] | undefined>, text: string): unknown {
  if (!/^application\/(problem\+)?json\b/i.test(String(headers['content-type'] ?? ''))) return text
  try {
    return JSON.parse(text)
  } catch {
    // Whoever expects an object says what is missing; the text itself tells nobody more.
    return text
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => {
    if (!Array.isArray(value)) return [name, value]
    return [name, name === 'link' ? value.join(', ') : value[0]]
  })
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined))
}

async function readRootCa(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('ACME_EDGE_ACME_ROOT_CA_UNREADABLE', `acme.root_ca cannot be read: ${reason}`, { cause })
  })
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new EdgeError('ACME_EDGE_ACME_ROOT_CA_UNREADABLE', `acme.root_ca: ${path} holds no PEM certificate`)
}
