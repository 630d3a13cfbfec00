import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { percentile } from '../statistics.ts'

/**
 * A load at a fixed rate, whatever the proxy does: each request is sent when it is due, on a connection that is free (one
 * more is opened where none is). A proxy that stalls cannot slow the load down and so hide that it did.
 * Arguments: port, requests a second, seconds, file of requests. Prints JSON.
 */
const [portText, rateText, secondsText, file] = process.argv.slice(2)
const GRACE_MS = 20_000
const port = Number(portText)
const intervalMs = 1000 / Number(rateText)
const messages = readMessages(readFileSync(file ?? ''))
const count = Math.max(1, Math.floor((Number(secondsText) * 1000) / intervalMs))

interface Connection {
  readonly socket: Socket
  /** Set while an answer is due. */
  answer: Answer | undefined
}

const idle: Connection[] = []
const timesMs: number[] = []
let refused = 0
let failed = 0
let sent = 0

const startedAt = performance.now()
const timer = setInterval(sendWhatIsDue, 1)
setTimeout(report, count * intervalMs + GRACE_MS).unref()

function sendWhatIsDue(): void {
  for (; sent < count && performance.now() >= startedAt + sent * intervalMs; sent++) {
    const connection = idle.pop() ?? open()
    connection.answer = new Answer()
    connection.socket.write(messages[sent % messages.length] ?? Buffer.alloc(0))
  }
  if (sent === count) clearInterval(timer)
}

function open(): Connection {
  const connection: Connection = { socket: connect(port, '127.0.0.1').setNoDelay(true), answer: undefined }
  connection.socket.on('data', (chunk: Buffer) => {
    if (connection.answer?.take(chunk) !== true) return
    timesMs.push(performance.now() - connection.answer.sentAt)
    if (connection.answer.status >= 400) refused++
    connection.answer = undefined
    idle.push(connection)
    reportWhenDone()
  })
  connection.socket.on('error', () => undefined)
  connection.socket.on('close', () => {
    if (connection.answer === undefined) return void idle.splice(idle.indexOf(connection), 1)
    failed++
    reportWhenDone()
  })
  return connection
}

class Answer {
  readonly sentAt = performance.now()
  status = 0
  #head = ''
  #last = ''
  /** Bytes of the body still to come; NaN: in chunks. */
  #missing: number | undefined

  /** Whether the answer is whole with this chunk. */
  take(chunk: Buffer): boolean {
    this.#last = (this.#last + chunk.toString('latin1', Math.max(0, chunk.length - 7))).slice(-7)
    if (this.#missing === undefined) this.#takeHead(chunk)
    else this.#missing -= chunk.length
    return Number.isNaN(this.#missing) ? this.#last === '\r\n0\r\n\r\n' : (this.#missing ?? 1) <= 0
  }

  #takeHead(chunk: Buffer): void {
    this.#head += chunk.toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n')
    if (end < 0) return
    this.status = Number(/^HTTP\/1\.1 (\d{3})/.exec(this.#head)?.[1])
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end))?.[1]
    this.#missing = length === undefined ? Number.NaN : Number(length) - (this.#head.length - end - 4)
  }
}

function reportWhenDone(): void {
  if (timesMs.length + failed === count) report()
}

function report(): void {
  const [p50Ms, p99Ms, p999Ms] = [50, 99, 99.9].map((percent) => percentile(timesMs, percent))
  const unanswered = sent - timesMs.length
  process.stdout.write(
    `${JSON.stringify({ requests: timesMs.length, unanswered, refused, p50Ms, p99Ms, p999Ms })}\n`,
    () => process.exit(0),
  )
}

/** "<length>\n<bytes>" each. */
function readMessages(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf(10, at)
    const end = lineEnd + 1 + Number(bytes.toString('latin1', at, lineEnd))
    found.push(bytes.subarray(lineEnd + 1, end))
    at = end
  }
  return found
}
