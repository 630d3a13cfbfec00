import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Editors write a file in several steps: what comes within this time is one change. */
const SETTLE_MS = 300

/**
 * Calls back after any of the files changed. Folders are watched, not files: a file that is replaced by another (rename) would
 * be lost. A folder that cannot be watched is left to SIGHUP.
 */
export function watchFiles(files: readonly string[], onChange: () => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  const changed = () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, SETTLE_MS)
  }
  const names = Map.groupBy(files, dirname)
  const watchers: FSWatcher[] = []
  for (const [folder, paths] of names) {
    const watched = new Set(paths.map((path) => basename(path)))
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || watched.has(name)) changed()
      })
      watchers.push(watcher.on('error', () => watcher.close()))
    } catch {
      // no inotify watch left, or no right to read the folder
    }
  }
  return {
    close() {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}
