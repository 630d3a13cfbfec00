import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { version } from '../../version.ts'
import { addressIn } from './address-kind.ts'

/** Where a connection goes; tests lead public addresses to servers of their own. */
export type Dial = (address: string, port: number) => { readonly host: string; readonly port: number }

/** What came of one GET, sent to one address. */
export type FetchOutcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly location: string | undefined
      readonly server: string | undefined
      /** At most `keptBytes` of it. */
      readonly body: string
    }
  /** No connection; `code` is the system's word. */
  | { readonly kind: 'refused' | 'unreachable' | 'no-connection'; readonly code: string }
  /** Connected, and nothing came in time. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'not-http' }
  /** Plain HTTP was asked for, and TLS is spoken. */
  | { readonly kind: 'tls' }
  /** TLS was asked for, and it failed. */
  | { readonly kind: 'tls-failed'; readonly reason: string }

export interface FetchProbeOptions {
  readonly url: URL
  readonly address: string
  readonly dial: Dial
  /** To connect, and again until the answer is there. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Let's Encrypt reads no more, and refuses what fills it. */
export const maxAnswerBytes = 128
const keptBytes = 512

/** The request that a CA sends: GET, to this very address, TLS without regard to the certificate (BR §3.2.2.4.19). */
export async function fetchProbe(options: FetchProbeOptions): Promise<FetchOutcome> {
  const outcome = await send(options)
  const isOdd = outcome.kind === 'closed' || outcome.kind === 'not-http' || saysTls(outcome)
  if (options.url.protocol !== 'http:' || !isOdd) return outcome
  return saysTls(outcome) || (await speaksTls(options)) ? { kind: 'tls' } : outcome
}

function send({ url, address, dial, timeoutMs, signal }: FetchProbeOptions): Promise<FetchOutcome> {
  const secure = url.protocol === 'https:'
  const target = dial(address, portOf(url))
  const options = {
    ...target,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, 'user-agent': `acme-edge/${version} (diagnosis)`, accept: '*/*', connection: 'close' },
    agent: false as const,
    maxHeaderSize: 65_536,
    signal,
  }
  const tls = { ...options, rejectUnauthorized: false, minVersion: 'TLSv1.2' as const }
  const outgoing = secure ? requestHttps({ ...tls, ...serverName(url) }) : requestHttp(options)
  return settle(outgoing, { secure, timeoutMs, signal }).finally(() => outgoing.destroy())
}

interface Settling {
  readonly secure: boolean
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

function settle(outgoing: ClientRequest, { secure, timeoutMs, signal }: Settling): Promise<FetchOutcome> {
  return new Promise((resolve, reject) => {
    let connected = false
    const late = () => resolve(connected ? { kind: 'silent' } : { kind: 'no-connection', code: 'ETIMEDOUT' })
    let timer = setTimeout(late, timeoutMs)
    const end = (outcome: FetchOutcome) => {
      clearTimeout(timer)
      resolve(outcome)
    }
    outgoing.on('socket', (socket) => {
      socket.once('connect', () => {
        connected = true
        clearTimeout(timer)
        timer = setTimeout(late, timeoutMs)
      })
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      if (signal.aborted) reject(signal.reason)
      else resolve(failure(error, { connected, secure }))
    })
    outgoing.on('response', (response) => void readBody(response).then((body) => end(answered(response, body))))
    outgoing.end()
  })
}

function answered({ statusCode = 0, headers }: IncomingMessage, body: string): FetchOutcome {
  return {
    kind: 'answered',
    status: statusCode,
    location: headers.location,
    server: String(headers.server ?? '') || undefined,
    body,
  }
}

/** As much as is needed to see what it is; a body that breaks off is judged by what came. */
async function readBody(response: IncomingMessage): Promise<string> {
  let body = ''
  try {
    for await (const chunk of response.setEncoding('latin1')) {
      body += chunk
      if (body.length >= keptBytes) break
    }
  } catch {
    return body.slice(0, keptBytes)
  }
  return body.slice(0, keptBytes)
}

const noRoute = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'ENETDOWN'])

function failure(error: NodeJS.ErrnoException, state: { connected: boolean; secure: boolean }): FetchOutcome {
  const { code = error.name } = error
  if (!state.connected) {
    if (code === 'ECONNREFUSED') return { kind: 'refused', code }
    return noRoute.has(code) ? { kind: 'unreachable', code } : { kind: 'no-connection', code }
  }
  if (code.startsWith('HPE_')) return isClosed(code) ? { kind: 'closed' } : { kind: 'not-http' }
  if (state.secure) return { kind: 'tls-failed', reason: code }
  return { kind: 'closed' }
}

const isClosed = (code: string): boolean => code === 'HPE_INVALID_EOF_STATE'

/** Of addresses there is none (RFC 6066 §3). */
function serverName(url: URL): { readonly servername?: string } {
  return addressIn(url) === undefined ? { servername: url.hostname } : {}
}

/** How servers of TLS answer plain HTTP where they answer at all. */
function saysTls(outcome: FetchOutcome): boolean {
  if (outcome.kind !== 'answered' || outcome.status !== 400) return false
  return /HTTP request (was sent )?to (an )?HTTPS (port|server)|speaking plain HTTP to an SSL-enabled/i.test(
    outcome.body,
  )
}

/** Whether a TLS server answers a handshake, of whatever version and with whatever certificate; an alert counts, too. */
function speaksTls({ url, address, dial, timeoutMs, signal }: FetchProbeOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTls({ ...dial(address, portOf(url)), ...serverName(url), rejectUnauthorized: false })
    const end = (result: boolean) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.destroy()
      resolve(result)
    }
    const abort = () => end(false)
    const timer = setTimeout(() => end(false), timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    socket.on('secureConnect', () => end(true))
    socket.on('error', (error: NodeJS.ErrnoException) => end(/ALERT/.test(error.code ?? '')))
    socket.on('close', () => end(false))
  })
}

function portOf({ protocol, port }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}
