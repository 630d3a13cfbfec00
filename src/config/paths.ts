import { accessSync, constants, globSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StoreConfig } from './config.ts'
import type { Reader } from './reader.ts'
import { parseRedisUrl } from './redis-url.ts'
import { type Parsed, textOf, value, wrong } from './scalars.ts'

/** The rules that ship with acme-edge, `@acme-edge` in `waf.rules`. */
export const shippedRules = fileURLToPath(new URL('../../rules/acme-edge.conf', import.meta.url))

/** A path, relative to the config file's folder; nothing has to exist there. */
export const pathIn = (folder: string): Reader<string> =>
  textOf('a path', (text) =>
    isPath(text) ? value(resolve(folder, text)) : wrong(`${JSON.stringify(text)} is not a path`),
  )

/** A file that can be read now: a missing CA file is an error, never "no check". */
export const readableFileIn = (folder: string): Reader<string> =>
  textOf('the path of a file', (text) => readableFile(resolve(folder, text), text))

/**
 * The files that one member of `waf.rules` means: a path, a glob (sorted by byte, at least one match) or `@acme-edge`,
 * the shipped set.
 */
export const ruleFilesIn = (folder: string): Reader<readonly string[]> =>
  textOf('the path of a rule file', (text): Parsed<readonly string[]> => {
    if (text === '@acme-edge') return value([shippedRules])
    if (text.startsWith('@')) return wrong(`${JSON.stringify(text)} is no shipped rule set; did you mean "@acme-edge"?`)
    if (!isPath(text)) return wrong(`${JSON.stringify(text)} is not a path`)
    if (!/[*?[{]/.test(text)) {
      const file = readableFile(resolve(folder, text), text)
      return file.kind === 'wrong' ? file : value([file.value])
    }
    return expand(folder, text)
  })

/** `off`, `stdout` or a path. */
export const accessLogIn = (folder: string): Reader<'stdout' | 'off' | { readonly file: string }> =>
  textOf('stdout, off or a path', (text) => {
    if (text === 'stdout' || text === 'off') return value(text)
    return isPath(text) ? value({ file: resolve(folder, text) }) : wrong(`${JSON.stringify(text)} is not a path`)
  })

/** `file:<folder>` or a Redis URL. */
export const storeIn = (folder: string): Reader<StoreConfig> =>
  textOf('a store such as "file:certs"', (text): Parsed<StoreConfig> => {
    const path = /^file:(?!\/\/)(.+)$/s.exec(text)?.[1]
    if (path !== undefined && isPath(path)) return value({ kind: 'file', folder: resolve(folder, path) })
    if (/^rediss?:/.test(text)) return parseRedisUrl(text, folder)
    const shown = text.includes('@') ? 'this' : JSON.stringify(text) // what is meant as a URL may hold a password
    return wrong(`${shown} is no store: write file:folder or redis://host:port/database`)
  })

const isPath = (text: string): boolean => text !== '' && !text.includes('\0')

function expand(folder: string, pattern: string): Parsed<readonly string[]> {
  // The folder's own name is no part of the pattern: it may hold brackets.
  const matches = globSync(pattern, { cwd: folder }).map((match) => resolve(folder, match))
  const files = matches.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
  if (files.length === 0) return wrong(`no file matches ${JSON.stringify(pattern)}`)
  return value(files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
}

function readableFile(path: string, text: string): Parsed<string> {
  try {
    if (text === '' || !statSync(path).isFile()) return wrong(`${JSON.stringify(text)} is not a file`)
    accessSync(path, constants.R_OK)
    return value(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const reason = code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : `it cannot be read (${code})`
    return wrong(`${JSON.stringify(text)}: ${reason}`)
  }
}
