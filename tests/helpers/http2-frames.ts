import tls from 'node:tls'
import type { Target } from './raw-client.ts'

export type Field = readonly [name: string, value: string]

export const frameType = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const flag = { endStream: 1, ack: 1, endHeaders: 4 } as const

export interface StreamOutcome {
  readonly status: number | undefined
  readonly body: Buffer
  readonly ended: boolean
  /** Error code of a RST_STREAM. */
  readonly reset: number | undefined
}

interface Stream {
  status: number | undefined
  body: Buffer[]
  ended: boolean
  reset: number | undefined
}

/** An HTTP/2 frame: nine bytes of header and the payload (RFC 9113 §4.1). */
export function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** A header block of literals without indexing (RFC 7541 §6.2.2): nothing is checked, so anything can be sent. */
export function headerBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]))
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([prefixedInteger(bytes.length), bytes])
}

function prefixedInteger(value: number): Buffer {
  if (value < 127) return Buffer.of(value)
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

/** A client that speaks HTTP/2 frames over TLS and hides no violation of the protocol. */
export class Http2Connection {
  readonly socket: tls.TLSSocket
  readonly streams = new Map<number, Stream>()
  readonly serverSettings = new Map<number, number>()
  goaway: number | undefined
  closed = false
  private pending = Buffer.alloc(0)
  private nextId = 1
  private readonly wakers = new Set<() => void>()

  constructor(socket: tls.TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.receive(chunk))
    socket.on('error', () => this.end())
    socket.on('close', () => this.end())
    const noTable = Buffer.from([0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0])
    this.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0, noTable))
  }

  write(...frames: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames))
  }

  /** Reserves the id of a new stream. */
  open(): number {
    const id = this.nextId
    this.nextId += 2
    this.streams.set(id, { status: undefined, body: [], ended: false, reset: undefined })
    return id
  }

  /** Sends a whole request: HEADERS, then the body as one DATA frame, then trailers where given. */
  request(fields: readonly Field[], options: { body?: string; trailers?: readonly Field[] } = {}): number {
    const id = this.open()
    const last = (more: boolean) => (more ? 0 : flag.endStream)
    const { body, trailers } = options
    const frames = [
      frame(frameType.headers, flag.endHeaders | last(body !== undefined || !!trailers), id, headerBlock(fields)),
    ]
    if (body !== undefined) frames.push(frame(frameType.data, last(!!trailers), id, Buffer.from(body, 'latin1')))
    if (trailers) frames.push(frame(frameType.headers, flag.endHeaders | flag.endStream, id, headerBlock(trailers)))
    this.write(...frames)
    return id
  }

  /** Waits until the stream has ended, was reset, or the connection is gone. */
  async outcome(id: number, timeoutMs = 5_000): Promise<StreamOutcome> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const stream = this.streams.get(id)
      if (!stream || stream.ended || stream.reset !== undefined || this.closed || Date.now() >= deadline) break
      await this.more(deadline)
    }
    const { status, body, ended, reset } = this.streams.get(id) ?? {
      status: undefined,
      body: [],
      ended: false,
      reset: undefined,
    }
    return { status, body: Buffer.concat(body), ended, reset }
  }

  async untilClosed(timeoutMs = 5_000): Promise<boolean> {
    const deadline = Date.now() + timeoutMs
    while (!this.closed && Date.now() < deadline) await this.more(deadline)
    return this.closed
  }

  destroy(): void {
    this.socket.destroy()
  }

  private more(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer)
        this.wakers.delete(settle)
        resolve()
      }
      const timer = setTimeout(settle, Math.max(0, deadline - Date.now()))
      this.wakers.add(settle)
    })
  }

  private wake(): void {
    for (const settle of [...this.wakers]) settle()
  }

  private end(): void {
    this.closed = true
    this.wake()
  }

  private receive(chunk: Buffer): void {
    this.pending = Buffer.concat([this.pending, chunk])
    while (this.pending.length >= 9) {
      const length = this.pending.readUIntBE(0, 3)
      if (this.pending.length < 9 + length) break
      const [type, flags] = [this.pending.readUInt8(3), this.pending.readUInt8(4)]
      const id = this.pending.readUInt32BE(5) & 0x7fffffff
      this.accept({ type, flags, id, payload: this.pending.subarray(9, 9 + length) })
      this.pending = this.pending.subarray(9 + length)
    }
    this.wake()
  }

  private accept(received: { type: number; flags: number; id: number; payload: Buffer }): void {
    const { type, flags, id, payload } = received
    const stream = this.streams.get(id)
    if (type === frameType.settings && (flags & flag.ack) === 0) this.acceptSettings(payload)
    if (type === frameType.goaway) this.goaway = payload.readUInt32BE(4)
    if (!stream) return
    if (type === frameType.headers) stream.status ??= statusOf(payload)
    if (type === frameType.data) {
      stream.body.push(Buffer.from(payload))
      if (payload.length > 0) this.write(windowUpdate(0, payload.length), windowUpdate(id, payload.length))
    }
    if (type === frameType.rstStream) stream.reset = payload.readUInt32BE(0)
    if ((type === frameType.headers || type === frameType.data) && flags & flag.endStream) stream.ended = true
  }

  private acceptSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6)
      this.serverSettings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
    this.write(frame(frameType.settings, flag.ack, 0))
  }
}

export function connectHttp2(target: Target): Promise<Http2Connection> {
  return new Promise((resolve, reject) => {
    const { port, serverName: servername } = target
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      servername,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.off('error', reject)
      if (socket.alpnProtocol === 'h2') resolve(new Http2Connection(socket))
      else reject(new Error(`the server chose ${socket.alpnProtocol} instead of h2`))
    })
  })
}

function windowUpdate(id: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return frame(frameType.windowUpdate, 0, id, payload)
}

const staticStatus = [200, 204, 206, 304, 400, 404, 500]

/** `:status` of a response's header block; it comes first and, with a table of size 0, from the static table or literal. */
function statusOf(block: Buffer): number | undefined {
  let at = 0
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++ // table size updates; 0 and small ones take one byte
  const first = block[at] ?? 0
  if (first & 0x80) return staticStatus[(first & 0x7f) - 8]
  const length = (block[at + 1] ?? 0) & 0x7f
  const value = block.subarray(at + 2, at + 2 + length)
  const huffman = ((block[at + 1] ?? 0) & 0x80) !== 0
  return Number(huffman ? huffmanDigits(value) : value.toString('latin1'))
}

/** Decodes digits only (RFC 7541 appendix B): 0-2 have five bits, 3-9 six. */
function huffmanDigits(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  while (digits.length < 3) {
    const short = Number.parseInt(bits.slice(0, 5), 2)
    const digit = short <= 2 ? short : Number.parseInt(bits.slice(0, 6), 2) - 25 + 3
    digits += digit
    bits = bits.slice(short <= 2 ? 5 : 6)
  }
  return digits
}
