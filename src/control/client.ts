import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import { EdgeError } from '../errors.ts'
import { readLines } from './lines.ts'
import { type ControlRequest, parseControlReply } from './protocol.ts'
import { controlSocketPath } from './socket-path.ts'

export interface ControlClient extends ChallengePublisher {
  close(): void
}

type Call = ControlRequest extends infer R ? (R extends ControlRequest ? Omit<R, 'id'> : never) : never

interface Waiting {
  resolve(): void
  reject(error: Error): void
}

/** Connects to the edge that runs with this store; `undefined` when none does. */
export async function connectControl(storeFolder: string): Promise<ControlClient | undefined> {
  if (!existsSync(storeFolder)) return undefined
  return new Promise((resolve) => {
    const socketPath = controlSocketPath(storeFolder)
    const socket = connect(socketPath.path)
    socket.on('close', () => socketPath.close())
    socket.on('error', () => resolve(undefined))
    socket.on('connect', () => resolve(createClient(socket)))
  })
}

function createClient(socket: Socket): ControlClient {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  readLines(socket, (line) => {
    const reply = parseControlReply(line)
    const call = reply && waiting.get(reply.id)
    if (reply === undefined || call === undefined) return
    waiting.delete(reply.id)
    if (reply.error === undefined) call.resolve()
    else call.reject(new EdgeError('ACME_EDGE_CONTROL_FAILED', `the running edge refused: ${reply.error}`))
  })
  const failAll = () => {
    for (const call of waiting.values())
      call.reject(new EdgeError('ACME_EDGE_CONTROL_FAILED', 'the running edge went away'))
    waiting.clear()
  }
  socket.on('close', failAll)
  const send = (call: Call, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.throwIfAborted()
      if (socket.destroyed) throw new EdgeError('ACME_EDGE_CONTROL_FAILED', 'the running edge went away')
      const id = ++lastId
      const abort = () => {
        waiting.delete(id)
        reject(signal.reason)
      }
      signal.addEventListener('abort', abort, { once: true })
      const settle = (finish: () => void) => {
        signal.removeEventListener('abort', abort)
        finish()
      }
      waiting.set(id, { resolve: () => settle(resolve), reject: (error) => settle(() => reject(error)) })
      socket.write(`${JSON.stringify({ ...call, id })}\n`)
    })
  return {
    publish: (challenge, signal) => send({ call: 'publish', challenge }, signal),
    withdraw: ({ host, token }, signal) => send({ call: 'withdraw', host, token }, signal),
    installed: (name, signal) => send({ call: 'installed', name }, signal),
    close: () => socket.destroy(),
  }
}
