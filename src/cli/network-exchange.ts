import { randomUUID } from 'node:crypto'
import { connect as connectPlain, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { EdgeError } from '../errors.ts'
import type { StageAnswer } from '../waf/regression/judge.ts'
import { type ErrorLogReader, openErrorLog } from './error-log-reader.ts'
import type { OpenExchange } from './in-process-exchange.ts'
import { roundTrip } from './round-trip.ts'

const ANSWER_TIMEOUT_MS = 10_000
/** A log that is written after the answer is waited for by marking again. */
const MARKER_ATTEMPTS = 20
const MARKER_PAUSE_MS = 10

/**
 * Tests over the network, against any WAF whose error log can be read: before and after each request goes one with
 * X-CRS-Test, which a rule of the tester's logs, and the lines between the two marks belong to the test.
 */
export function openNetworkExchange(url: URL, errorLog: string): OpenExchange {
  const log = openErrorLog(errorLog)
  return {
    async exchange({ bytes, testId, markerHost }) {
      const id = `${testId}-${randomUUID()}`
      await mark({ url, log, host: markerHost, id: `${id}-start` })
      const answer = await ask(url, bytes)
      return { answer, lines: await mark({ url, log, host: markerHost, id: `${id}-end` }) }
    },
    close: async () => log.close(),
  }
}

interface Mark {
  readonly url: URL
  readonly log: ErrorLogReader
  readonly host: string
  readonly id: string
}

/** Resolves with the lines before the mark. Rejects with EdgeError ACME_EDGE_WAF_TESTS_UNMARKED when it does not come up. */
async function mark({ url, log, host, id }: Mark): Promise<readonly string[]> {
  const fields = `Accept: */*\r\nUser-Agent: acme-edge waf test\r\nHost: ${host}\r\nX-CRS-Test: ${id}\r\nConnection: close`
  const request = Buffer.from(`GET /status/200 HTTP/1.1\r\n${fields}\r\n\r\n`)
  const lines: string[] = []
  for (let attempt = 0; attempt < MARKER_ATTEMPTS; attempt++) {
    const answer = await ask(url, request)
    lines.push(...log.read())
    const at = lines.findIndex((line) => isMark(line, id))
    if (at !== -1) return lines.slice(0, at)
    if (answer.kind === 'none') throw unmarked(`no answer from ${url.host}: ${answer.reason}`)
    await delay(MARKER_PAUSE_MS)
  }
  throw unmarked(`the log does not show the marker ${id}`)
}

async function ask(url: URL, request: Buffer): Promise<StageAnswer> {
  const connection = connect(url)
  const answer = await roundTrip(connection, request, ANSWER_TIMEOUT_MS)
  connection.destroy()
  return answer
}

/** A mark that was sent again may come up late: its line is none of the test's, and its rule in no expectation. */
function isMark(line: string, id: string): boolean {
  return line.toLowerCase().includes('x-crs-test') && line.includes(id)
}

function unmarked(message: string): EdgeError {
  return new EdgeError('ACME_EDGE_WAF_TESTS_UNMARKED', message)
}

function connect({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (protocol === 'https:') return connectTls({ host, port: Number(port || 443), servername: host })
  return connectPlain({ host, port: Number(port || 80) })
}
