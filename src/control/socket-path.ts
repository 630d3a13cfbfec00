import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

/** sockaddr_un holds 107 bytes and a zero; Node cuts longer paths without a word. */
const MAX_PATH_BYTES = 107

export interface SocketPath {
  readonly path: string
  close(): void
}

/** A path for the store's control socket that fits into a socket address, through an open folder where it is too long. */
export function controlSocketPath(storeFolder: string): SocketPath {
  const path = join(storeFolder, 'control.sock')
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return { path, close: () => undefined }
  const folder = openSync(storeFolder, 'r')
  let isOpen = true
  const close = () => {
    if (isOpen) closeSync(folder) // once: the number may belong to another file by now
    isOpen = false
  }
  return { path: `/proc/self/fd/${folder}/control.sock`, close }
}
