import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
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

/**
 * The error log in ModSecurity's form and the audit log as JSON lines. A transaction's lines are one write to a file opened
 * for appending, so lines of two transactions never interleave, however many workers there are; and the write is done
 * before the response ends, so that whoever has the response finds them.
 */
export function openRuleLog(files: RuleLogFiles): RuleLog {
  const errorLog = openLog(files.errorLog)
  const auditLog = openLog(files.auditLog)
  return {
    write(transaction) {
      if (errorLog !== undefined && transaction.logged.length > 0) {
        append(errorLog, transaction.logged.map(({ line }) => `${line}\n`).join(''))
      }
      if (auditLog === undefined) return
      const record = transaction.auditRecord()
      if (record !== undefined) append(auditLog, `${JSON.stringify(record)}\n`)
    },
    close() {
      for (const file of [errorLog, auditLog]) if (file !== undefined) closeSync(file)
    },
  }
}

function openLog(path: string | undefined): number | undefined {
  if (path === undefined) return undefined
  mkdirSync(dirname(path), { recursive: true })
  return openSync(path, 'a', 0o640)
}

/** Values in the lines are one-byte strings: they are written as the bytes that came. */
function append(file: number, text: string): void {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}
