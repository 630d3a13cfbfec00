import type { EdgeRequest } from '../http.ts'
import { field, type Logger } from '../log.ts'
import type { ExchangeNotes } from './exchange.ts'

export interface AccessRecord {
  readonly request: Pick<EdgeRequest, 'id' | 'client' | 'host' | 'method' | 'target' | 'protocol'>
  readonly notes: ExchangeNotes
  /** 0 when no response was sent. */
  readonly status: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly durationMs: number
}

/** Takes exactly one record for each request. */
export interface AccessLog {
  write(record: AccessRecord): void
}

/** The access log as pino records; `observe` sees every record, also when the log itself is off. */
export function createAccessLog(log: Logger | undefined, observe: (record: AccessRecord) => void): AccessLog {
  return {
    write(record) {
      observe(record)
      log?.info(toFields(record), 'request')
    },
  }
}

function toFields({ request, notes, status, requestBytes, responseBytes, durationMs }: AccessRecord): object {
  return {
    [field.requestId]: request.id,
    [field.client]: request.client.address,
    [field.host]: request.host,
    [field.method]: request.method,
    [field.target]: request.target,
    [field.protocol]: request.protocol,
    [field.status]: status,
    [field.requestBytes]: requestBytes,
    [field.responseBytes]: responseBytes,
    [field.durationMs]: round(durationMs),
    [field.verdict]: notes.verdict,
    [field.ruleIds]: notes.ruleIds,
    [field.origin]: notes.origin,
    [field.originMs]: notes.originMs === undefined ? undefined : round(notes.originMs),
    [field.errorCode]: notes.errorCode,
    [field.error]: notes.error,
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
