import { createHash } from 'node:crypto'

/** A folder name for a directory URL: readable, and different for different URLs. */
export function directoryId(directory: string): string {
  const digest = createHash('sha256').update(directory).digest('hex').slice(0, 12)
  const host = new URL(directory).host.replace(/[^A-Za-z0-9.-]/g, '-')
  return `${host}-${digest}`
}
