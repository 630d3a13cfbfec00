/** Processor time of a function in milliseconds, the best of three runs: neighbours on the machine do not count. */
export function cpuMs(run: () => void): number {
  const times = [0, 0, 0].map(() => {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  })
  return Math.min(...times)
}
