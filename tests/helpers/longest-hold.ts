/**
 * The longest time, in milliseconds of this thread's processor, for which the event loop had no turn while the work was under
 * way. Neighbours on the machine do not count.
 */
export async function longestHold<T>(work: () => Promise<T>): Promise<{ holdMs: number; result: T }> {
  let holdMs = 0
  let isOver = false
  let last = process.threadCpuUsage()
  const look = () => {
    const { user, system } = process.threadCpuUsage(last)
    last = process.threadCpuUsage()
    holdMs = Math.max(holdMs, (user + system) / 1_000)
    if (!isOver) setImmediate(look)
  }
  await new Promise((resolve) => setImmediate(resolve))
  last = process.threadCpuUsage()
  setImmediate(look)
  const result = await work()
  isOver = true
  look()
  return { holdMs, result }
}
