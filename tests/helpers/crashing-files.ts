import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/** What stands between this process and its files. */
export interface FileWatch {
  /** Does the change, or not. `half` does a part of it, where it has parts. */
  change<T>(what: string, all: () => Promise<T>, half?: () => Promise<unknown>): Promise<T>
  /** Before anything is read. */
  read(): void
}

const changing = ['link', 'mkdir', 'rename', 'rm', 'symlink', 'chmod', 'utimes'] as const
const reading = ['lstat', 'readFile', 'readdir', 'realpath', 'stat'] as const

type AnyFunction = (...args: unknown[]) => Promise<unknown>

/** Puts `watch` between all users of node:fs/promises in this process and the files, until the function that it answers with is called. */
export function watchFiles(watch: FileWatch): () => void {
  const originals: Record<string, unknown> = { ...fs }
  const replace = (name: string, by: (...args: never[]) => unknown) => Object.assign(fs, { [name]: by })
  for (const name of changing) {
    const original = originals[name] as AnyFunction
    replace(name, (...args: unknown[]) => watch.change(`${name} ${String(args[0])}`, () => original(...args)))
  }
  for (const name of reading) {
    const original = originals[name] as AnyFunction
    replace(name, async (...args: unknown[]) => {
      watch.read()
      return original(...args)
    })
  }
  const open = originals.open as typeof fs.open
  replace('open', async (path: string, flags: string, mode: number) => {
    const make = async () => watchedFile(watch, await open(path, flags, mode), path)
    if (flags !== 'r') return watch.change(`open ${path}`, make)
    watch.read()
    return make()
  })
  syncBuiltinESMExports()
  return () => {
    Object.assign(fs, originals)
    syncBuiltinESMExports()
  }
}

function watchedFile(watch: FileWatch, file: fs.FileHandle, path: string) {
  return {
    writeFile: (bytes: Buffer | string) => {
      const whole = Buffer.from(bytes)
      const half = () => file.writeFile(whole.subarray(0, whole.length >> 1))
      return watch.change(`write ${path}`, () => file.writeFile(whole), half)
    },
    sync: () => watch.change(`sync ${path}`, () => file.sync()),
    close: () => file.close(), // the system does so for a process that has died
  }
}
