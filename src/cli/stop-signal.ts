/** Within this time of the first signal another one is a copy: a terminal and npm both send each Ctrl-C. */
const COPY_MS = 1_000

/**
 * Resolves at the first SIGTERM or SIGINT. Draining has a bound of its own (`limits.drain_timeout`), so a SIGTERM sent
 * again by a supervisor changes nothing; a second Ctrl-C, a second or more after the first signal, is somebody who does
 * not want to wait: the process ends at once with code 1 and cuts what still runs.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | undefined
    const stop = (signal: NodeJS.Signals) => {
      const nowMs = performance.now()
      firstMs ??= nowMs
      if (signal === 'SIGINT' && nowMs - firstMs >= COPY_MS) process.exit(1)
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
