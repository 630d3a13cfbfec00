import { connect, type RawConnection, type Target } from './raw-client.ts'
import type { RawResponse } from './raw-response.ts'

export interface DrivenRequest {
  readonly bytes: string
  readonly head: boolean
  /** Fractions of the length at which the bytes are cut into writes. */
  readonly cuts: readonly number[]
  /** Needs a connection of its own: what it leaves behind on one is uncertain. */
  readonly alone: boolean
}

/** Sends each request over one of several connections, kept alive where possible; results come in the order of the requests. */
export async function driveAll(
  target: Target,
  requests: readonly DrivenRequest[],
  connections = 16,
): Promise<(RawResponse | undefined)[]> {
  const results: (RawResponse | undefined)[] = new Array(requests.length)
  const queue = requests.entries()
  const drive = async () => {
    let connection: RawConnection | undefined
    for (const [index, request] of queue) {
      if (request.alone || !connection || connection.ending !== 'open') {
        connection?.socket.resetAndDestroy()
        connection = await connect(target)
      }
      const answer = await send(connection, request)
      results[index] = answer
      if (request.alone || !answer || isLast(answer)) {
        connection.socket.resetAndDestroy() // no TIME_WAIT: a long run would use up the ports
        connection = undefined
      }
    }
    connection?.socket.resetAndDestroy()
  }
  await Promise.all(Array.from({ length: connections }, drive))
  return results
}

async function send(connection: RawConnection, request: DrivenRequest): Promise<RawResponse | undefined> {
  const { bytes } = request
  const places = [...new Set(request.cuts.map((cut) => Math.floor(cut * bytes.length)))].sort((a, b) => a - b)
  let from = 0
  for (const place of [...places, bytes.length]) {
    if (place === from) continue
    connection.write(bytes.slice(from, place))
    from = place
    if (from < bytes.length) await new Promise((resolve) => setImmediate(resolve))
  }
  return connection.response({ head: request.head, timeoutMs: 20_000 })
}

/** A refusal always ends the connection, whether or not it says so. */
function isLast({ status, version, headers }: RawResponse): boolean {
  const refused = status >= 400 && status < 500 && status !== 403 && status !== 421
  return (
    refused ||
    version === 'HTTP/1.0' ||
    headers.some(([name, value]) => /^connection$/i.test(name) && /close/i.test(value))
  )
}
