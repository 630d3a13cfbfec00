import { createHash } from 'node:crypto'

const headerPattern = /^acme-edge-record 1 sha256=([0-9a-f]{64}) bytes=(\d{1,10})\n/
const headerBytes = 120

/** A value with a first line that lets a reader notice truncation and garbling. */
export function encodeRecord(value: Buffer): Buffer {
  const header = `acme-edge-record 1 sha256=${digest(value)} bytes=${value.length}\n`
  return Buffer.concat([Buffer.from(header, 'latin1'), value])
}

/** The value of a record, or `undefined` when its length or checksum does not fit. */
export function decodeRecord(record: Buffer): Buffer | undefined {
  const match = headerPattern.exec(record.toString('latin1', 0, headerBytes))
  if (!match) return undefined
  const value = record.subarray(match[0].length)
  return value.length === Number(match[2]) && digest(value) === match[1] ? value : undefined
}

function digest(value: Buffer): string {
  return createHash('sha256').update(value).digest('hex')
}
