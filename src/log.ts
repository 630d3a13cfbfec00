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
  return pino({ level, base: undefined, redact: { paths: secrets, censor: '[redacted]' } }, pino.destination(2))
}

/** The access log: JSON lines to a file descriptor or a path, written as they come, several at a time under load. */
export function createAccessLogger(destination: number | string): Logger {
  const stream = pino.destination({ dest: destination, sync: false, mkdir: true })
  return pino({ base: undefined }, stream)
}
