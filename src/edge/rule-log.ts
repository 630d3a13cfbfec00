import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { EdgeError } from '../errors.ts'
import type { Transaction } from '../waf/transaction-types.ts'

/** Where a transaction's matches go when it ends. */
export interface RuleLog {
  write(transaction: Transaction): void
  close(): void
}

export interface RuleLogFiles {
  readonly errorLog: string | undefined
  readonly auditLog: string | undefined
}

/** A log that cannot be written is reported, and no request fails by it: what was decided is decided. */
export type LogFailure = (path: string, error: Error) => void

/**
 * The error log in ModSecurity's form and the audit log as JSON lines. A transaction's lines are one write to a file opened
 * for appending, so lines of two transactions never interleave, however many workers there are; and the write is done
 * before the response ends, so that whoever has the response finds them.
 */
export function openRuleLog(files: RuleLogFiles, onFailure: LogFailure): RuleLog {
  const errorLog = openLog(files.errorLog, onFailure)
  const auditLog = openLog(files.auditLog, onFailure)
  return {
    write(transaction) {
      if (transaction.logged.length > 0) errorLog?.append(transaction.logged.map(({ line }) => `${line}\n`).join(''))
      if (auditLog === undefined) return
      const record = transaction.auditRecord()
      if (record !== undefined) auditLog.append(`${asciiJson(record)}\n`)
    },
    close() {
      errorLog?.close()
      auditLog?.close()
    },
  }
}

interface LogFile {
  append(text: string): void
  close(): void
}

function openLog(path: string | undefined, onFailure: LogFailure): LogFile | undefined {
  if (path === undefined) return undefined
  const file = openForAppending(path)
  return {
    append(text) {
      try {
        writeAll(file, text)
      } catch (error) {
        onFailure(path, error instanceof Error ? error : new Error(String(error)))
      }
    },
    close: () => closeSync(file),
  }
}

function openForAppending(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'a', 0o640)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('ACME_EDGE_LOG_UNWRITABLE', `cannot open the log ${path}: ${why}`, { cause })
  }
}

/** JSON is UTF-8, but values are one-byte strings: a high byte is written as the code point of its number. */
function asciiJson(record: object): string {
  return JSON.stringify(record).replace(/[\x80-\xff]/g, (byte) => `\\u00${byte.charCodeAt(0).toString(16)}`)
}

/** Values in the lines are one-byte strings: they are written as the bytes that came. */
function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
