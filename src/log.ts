import { type Logger, pino } from 'pino'

export type { Logger }

/** Field names of every log record: one spelling each, so that a query works on all of them. */
export const field = {
  requestId: 'request_id',
  client: 'client',
  host: 'host',
  method: 'method',
  target: 'target',
  protocol: 'protocol',
  status: 'status',
  requestBytes: 'request_bytes',
  responseBytes: 'response_bytes',
  durationMs: 'duration_ms',
  originMs: 'origin_ms',
  origin: 'origin',
  verdict: 'verdict',
  ruleIds: 'rule_ids',
  errorCode: 'error_code',
  error: 'error',
  problems: 'problems',
  name: 'name',
  path: 'path',
  notAfter: 'not_after',
} as const

/** Paths that never reach a log, whatever a caller passes. */
const secrets = [
  'keyAuthorization',
  '*.keyAuthorization',
  'privateKey',
  '*.privateKey',
  'eab',
  '*.eab',
  'body',
  '*.body',
]

/** The program's own log: JSON lines on standard error, so that the access log can have standard output. */
export function createLog(level: string = 'info'): Logger {
  const stream = pino.destination(2)
  stream.on('error', () => undefined) // nowhere to say it, and no reason to stop serving
  return pino({ level, base: undefined, redact: { paths: secrets, censor: '[redacted]' } }, stream)
}

/** How often a log that cannot be written is reported. */
const REPORT_MS = 60_000

export interface AccessLogger {
  readonly log: Logger
  /** For the end of the process: gives up what cannot be written, on which pino would wait for ever. */
  close(): void
}

/**
 * The access log: JSON lines to a file descriptor or a path, written as they come, several at a time under load. A full disk
 * or a closed pipe loses records and is reported to `log`, once a minute; it ends neither a request nor the process.
 */
export function createAccessLogger(destination: number | string, log: Logger): AccessLogger {
  const stream = pino.destination({ dest: destination, sync: false, mkdir: true })
  let reportedAt = Number.NEGATIVE_INFINITY
  let isFailing = false
  stream.on('write', () => {
    isFailing = false
  })
  stream.on('error', (error: Error) => {
    isFailing = true
    const now = performance.now()
    if (now - reportedAt < REPORT_MS) return
    reportedAt = now
    log.error({ [field.error]: error.message }, 'the access log cannot be written')
  })
  return {
    log: pino({ base: undefined }, stream),
    close() {
      if (isFailing) stream.destroy()
    },
  }
}
