/** What the calling thread has used of the processor, in milliseconds: a thread that others push aside computes nothing meanwhile. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
