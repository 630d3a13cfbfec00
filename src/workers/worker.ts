import { CollectionLink } from '../collections/collection-link.ts'
import type { ChangesMessage } from '../collections/messages.ts'
import type { EdgeConfig } from '../config/config.ts'
import type { EdgeServices, RunningEdge } from '../edge/start.ts'
import { startEdge } from '../edge/start.ts'
import { toEdgeError } from '../errors.ts'
import { WaitingRoom } from '../on-demand/waiting-room.ts'
import type { PersistentCollections } from '../waf/persistent/persistent-collections.ts'
import { DemandLink } from './demand-link.ts'
import type { FromWorker, StartWorker, ToWorker, WorkerCall } from './messages.ts'

/** What a worker's process is built with, once its primary has said what to serve. */
export interface WorkerParts {
  readonly services: EdgeServices
  readonly metrics: { snapshot(): Promise<unknown> }
  attach(edge: RunningEdge): void
  close(): Promise<void>
}

/** Serves as one of several processes on the same ports, and does what the primary says until it is told to close. */
export function runWorker(build: (start: StartWorker, collections: PersistentCollections) => WorkerParts): void {
  let edge: RunningEdge | undefined
  let parts: WorkerParts | undefined
  let link: CollectionLink | undefined
  let config: EdgeConfig | undefined
  let started = Promise.resolve()
  const demandLink = new DemandLink(send)
  const demand = new WaitingRoom(demandLink, () => config?.acme?.onDemand)
  const start = async (message: StartWorker) => {
    link = openLink(message)
    parts = build(message, link.memory)
    config = message.config
    const services = { ...parts.services, demand, activeChallenges: async () => message.challenges }
    edge = await startEdge(config, services)
    parts.attach(edge)
    send({ kind: 'ready', addresses: edge.addresses })
  }
  const close = async () => {
    await edge?.close()
    await parts?.close()
    await link?.flush()
    process.disconnect()
  }
  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'start':
        started = start(message.start).catch((error) => {
          const { code, message: text } = toEdgeError(error)
          send({ kind: 'failed', code, message: text })
        })
        break
      case 'call':
        started // a call that comes while this worker starts waits, and changes what the start has published
          .then(() => answer({ edge, parts }, message.call))
          .then((result) => {
            if (message.call.call === 'reload') config = message.call.config
            return result
          })
          .then(
            (result) => send({ kind: 'done', id: message.id, result }),
            (error) => send({ kind: 'done', id: message.id, error: toEdgeError(error).message }),
          )
        break
      case 'collections':
        link?.receive(message.update)
        break
      case 'demand-answer':
        demandLink.answered(message.id, message.served)
        break
      case 'close':
        void close()
        break
    }
  })
  process.on('disconnect', () => process.exit(0)) // the primary is gone, or has let this worker go
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined) // the primary's business
}

function send(message: FromWorker): void {
  process.send?.(message)
}

function openLink({ collections }: StartWorker): CollectionLink {
  const port = {
    sendChanges: (message: ChangesMessage) =>
      new Promise<void>((resolve) => {
        const sent = process.send?.({ kind: 'changes', message } satisfies FromWorker, undefined, {}, () => resolve())
        if (sent === undefined) resolve() // the channel is closed, and with it this process is about to end
      }),
    acknowledge: () => send({ kind: 'collections-received' }),
  }
  return new CollectionLink(port, collections)
}

interface Worker {
  readonly edge: RunningEdge | undefined
  readonly parts: WorkerParts | undefined
}

async function answer({ edge, parts }: Worker, call: WorkerCall): Promise<unknown> {
  if (edge === undefined || parts === undefined) throw new Error('the worker has not started')
  const signal = AbortSignal.timeout(10_000)
  switch (call.call) {
    case 'publish':
      return edge.publisher.publish(call.challenge, signal)
    case 'withdraw':
      return edge.publisher.withdraw(call.challenge, signal)
    case 'installed':
      return edge.publisher.installed(call.name, signal)
    case 'reload':
      return edge.reload(call.config)
    case 'metrics':
      return parts.metrics.snapshot()
  }
}
