import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { EdgeError } from '../errors.ts'
import type { EdgeConfig } from './config.ts'
import { parseConfig } from './parse.ts'

/** More than any config needs; a file given by mistake (a log, an image) is refused before it is parsed. */
const maxConfigBytes = 1_048_576

/**
 * Reads, checks and freezes a config file. Throws ACME_EDGE_CONFIG_UNREADABLE, or ACME_EDGE_CONFIG_INVALID with every
 * problem and its place.
 */
export async function loadConfig(path: string): Promise<EdgeConfig> {
  const file = resolve(path)
  const bytes = await readBytes(file)
  return parseConfig(decode(bytes, file), file)
}

async function readBytes(file: string): Promise<Buffer> {
  const { size, isFile } = await describe(file)
  if (!isFile) throw new EdgeError('ACME_EDGE_CONFIG_UNREADABLE', `${file} is not a file`)
  if (size > maxConfigBytes) {
    throw new EdgeError(
      'ACME_EDGE_CONFIG_UNREADABLE',
      `${file} has more than ${maxConfigBytes} bytes: not a config file`,
    )
  }
  return readFile(file).catch((error: unknown) => {
    throw unreadable(file, error)
  })
}

async function describe(file: string): Promise<{ size: number; isFile: boolean }> {
  const status = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  return { size: status.size, isFile: status.isFile() }
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new EdgeError('ACME_EDGE_CONFIG_UNREADABLE', `${file} is not UTF-8 text`, { cause: error })
  }
}

function unreadable(file: string, error: unknown): EdgeError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
  const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : code
  return new EdgeError('ACME_EDGE_CONFIG_UNREADABLE', `cannot read ${file}: ${reason}`, { cause: error })
}
