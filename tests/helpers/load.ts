import { connect, requestBytes, type Target } from './raw-client.ts'

export interface Load {
  /** Ends the load and says what every request got. */
  stop(): Promise<{ sent: number; answered: number; failures: string[] }>
  readonly answeredSoFar: () => number
}

/** Keep-alive connections that send one GET after the other until they are stopped; anything but a 200 is a failure. */
export function startLoad(target: Target, options: { connections: number; host?: string; closeEvery?: number }): Load {
  const state = { stopped: false, sent: 0, answered: 0, failures: [] as string[] }
  const clients = Array.from({ length: options.connections }, (_, i) => drive(i))
  async function drive(client: number): Promise<void> {
    while (!state.stopped) {
      const connection = await connect(target).catch((error: unknown) => void state.failures.push(`connect: ${error}`))
      if (!connection) return
      const rounds = options.closeEvery ?? Number.POSITIVE_INFINITY
      for (let i = 0; i < rounds && !state.stopped; i++) {
        const last = i === rounds - 1
        const headers = [`Host: ${options.host ?? 'shop.example'}`, ...(last ? ['Connection: close'] : [])]
        state.sent++
        connection.write(requestBytes(`GET /load/${client} HTTP/1.1`, headers))
        const response = await connection.response({ timeoutMs: 10_000 })
        if (response?.status !== 200) state.failures.push(`status ${response?.status}, ${connection.ending}`)
        else state.answered++
        const closing = response?.headers.some(([name, value]) => /^connection$/i.test(name) && /close/i.test(value))
        if (closing || !response) break
      }
      connection.destroy()
    }
  }
  return {
    answeredSoFar: () => state.answered,
    async stop() {
      state.stopped = true
      await Promise.all(clients)
      return { sent: state.sent, answered: state.answered, failures: state.failures }
    },
  }
}
