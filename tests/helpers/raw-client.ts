import net from 'node:net'
import tls from 'node:tls'
import { parseResponse, type RawResponse } from './raw-response.ts'

export interface Target {
  readonly port: number
  /** Server name for TLS; absent: plain TCP. */
  readonly serverName?: string
}

/** How a connection came to its end; `open` where the client stopped waiting first. */
export type Ending = 'end' | 'reset' | 'open'

/** A connection on which a test writes exactly the bytes it wants and reads responses one by one. */
export class RawConnection {
  readonly socket: net.Socket
  received: Buffer = Buffer.alloc(0)
  ending: Ending = 'open'
  private wake: (() => void) | undefined

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk])
      this.wake?.()
    })
    socket.on('end', () => this.finish('end'))
    socket.on('error', () => this.finish('reset'))
    socket.on('close', () => this.finish('end'))
  }

  write(bytes: string | Buffer): void {
    if (!this.socket.destroyed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** The next final response (interim ones are skipped); `undefined` when the connection ends or the time is over first. */
  async response(
    options: { head?: boolean; timeoutMs?: number; interim?: boolean } = {},
  ): Promise<RawResponse | undefined> {
    const deadline = Date.now() + (options.timeoutMs ?? 5_000)
    for (;;) {
      const parsed = parseResponse(this.received, { head: options.head === true, ended: this.ending !== 'open' })
      if (parsed) {
        this.received = this.received.subarray(parsed.length)
        if (options.interim || parsed.response.status >= 200 || parsed.response.status === 101) return parsed.response
      } else if (this.ending !== 'open' || !(await this.more(deadline))) return undefined
    }
  }

  /** Waits for the other side to close; says how it did. */
  async closed(timeoutMs = 5_000): Promise<Ending> {
    const deadline = Date.now() + timeoutMs
    while (this.ending === 'open' && (await this.more(deadline))) {}
    return this.ending
  }

  /** Waits until at least this many bytes lie unread. */
  async bytes(count: number, timeoutMs = 5_000): Promise<Buffer> {
    const deadline = Date.now() + timeoutMs
    while (this.received.length < count && this.ending === 'open' && (await this.more(deadline))) {}
    return this.received
  }

  destroy(): void {
    this.socket.destroy()
  }

  private finish(ending: Ending): void {
    if (this.ending === 'open') this.ending = ending
    this.wake?.()
  }

  private more(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), Math.max(0, deadline - Date.now()))
      const settle = (more: boolean) => {
        clearTimeout(timer)
        this.wake = undefined
        resolve(more)
      }
      this.wake = () => settle(true)
    })
  }
}

export function connect(target: Target): Promise<RawConnection> {
  return new Promise((resolve, reject) => {
    const host = '127.0.0.1'
    const { port, serverName } = target
    const secure = { host, port, servername: serverName, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }
    const socket = serverName === undefined ? net.connect({ host, port }) : tls.connect(secure)
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once(serverName === undefined ? 'connect' : 'secureConnect', () => {
      socket.off('error', reject)
      resolve(new RawConnection(socket))
    })
  })
}

export interface SendOptions {
  readonly head?: boolean
  readonly timeoutMs?: number
  /** Pause between the parts. Default: none (each part is still its own write). */
  readonly gapMs?: number
  /** Half-close after the last part. */
  readonly half?: boolean
  /** Wait for the peer's close after the response. Default false. */
  readonly untilClose?: boolean
}

export interface Outcome {
  readonly response: RawResponse | undefined
  /** What arrived after the first response. */
  readonly rest: Buffer
  readonly ending: Ending
}

/** One connection, exact bytes out, the first final response in. */
export async function sendRaw(
  target: Target,
  parts: string | readonly string[],
  options: SendOptions = {},
): Promise<Outcome> {
  const connection = await connect(target)
  try {
    const pieces = typeof parts === 'string' ? [parts] : parts
    for (const [index, part] of pieces.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, options.gapMs ?? 5))
      connection.write(part)
    }
    if (options.half) connection.socket.end()
    const response = await connection.response(options)
    if (options.untilClose) await connection.closed(options.timeoutMs)
    return { response, rest: connection.received, ending: connection.ending }
  } finally {
    connection.destroy()
  }
}

/** The bytes of a request: lines joined by CRLF, an empty line, the body as it is. */
export function requestBytes(line: string, headers: readonly string[], body = ''): string {
  return `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`
}
