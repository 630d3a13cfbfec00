import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { EdgeError } from '../errors.ts'

/** Follows an error log that another process writes. */
export interface ErrorLogReader {
  /** The complete lines that have come since the last time, as one-byte strings. */
  read(): readonly string[]
  close(): void
}

/** Begins at the end of the file. Throws EdgeError ACME_EDGE_WAF_TESTS_UNREADABLE when it cannot be opened. */
export function openErrorLog(path: string): ErrorLogReader {
  const file = openLog(path)
  let position = fstatSync(file).size
  let rest = ''
  return {
    read() {
      const length = fstatSync(file).size - position
      if (length <= 0) return []
      const bytes = Buffer.alloc(length)
      const count = readSync(file, bytes, 0, length, position)
      position += count
      const lines = (rest + bytes.toString('latin1', 0, count)).split('\n')
      rest = lines.pop() ?? ''
      return lines
    },
    close: () => closeSync(file),
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('ACME_EDGE_WAF_TESTS_UNREADABLE', `cannot read the error log ${path}: ${why}`, { cause })
  }
}
