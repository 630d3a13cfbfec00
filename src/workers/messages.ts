import type { ActiveChallenge } from '../challenge/publisher.ts'
import type { ChangesMessage, UpdateMessage } from '../collections/messages.ts'
import type { EdgeConfig, ListenAddress } from '../config/config.ts'
import type { CollectionState } from '../waf/persistent/collection-change.ts'

/** A call of the primary that a worker has to acknowledge. */
export type WorkerCall =
  | { readonly call: 'publish'; readonly challenge: ActiveChallenge }
  | { readonly call: 'withdraw'; readonly challenge: Pick<ActiveChallenge, 'host' | 'token'> }
  | { readonly call: 'installed'; readonly name: string }
  | { readonly call: 'reload'; readonly config: EdgeConfig }
  | { readonly call: 'metrics' }

export interface StartWorker {
  readonly config: EdgeConfig
  /** Base64; the same for all workers. */
  readonly ticketKeys: string
  /** What was active before this worker existed. */
  readonly challenges: readonly ActiveChallenge[]
  /** The same of the rules' persistent collections. */
  readonly collections: readonly CollectionState[]
}

/** Primary to worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly start: StartWorker }
  | { readonly kind: 'call'; readonly id: number; readonly call: WorkerCall }
  | { readonly kind: 'collections'; readonly update: UpdateMessage }
  /** Of a `demand`: whether there is a certificate now. */
  | { readonly kind: 'demand-answer'; readonly id: number; readonly served: boolean }
  | { readonly kind: 'close' }

export interface WorkerAddresses {
  readonly http: readonly ListenAddress[]
  readonly https: readonly ListenAddress[]
}

/** Worker to primary. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly addresses: WorkerAddresses }
  | { readonly kind: 'changes'; readonly message: ChangesMessage }
  | { readonly kind: 'collections-received' }
  /** A handshake waits for a certificate of this name. */
  | { readonly kind: 'demand'; readonly id: number; readonly name: string }
  /** A certificate of this name is in use. */
  | { readonly kind: 'seen'; readonly name: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly result?: unknown; readonly error?: string }
