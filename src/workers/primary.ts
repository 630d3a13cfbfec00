import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import type { ActiveChallenges } from '../challenge/active-challenges.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { CollectionRelay } from '../collections/collection-relay.ts'
import type { EdgeConfig, ListenAddress } from '../config/config.ts'
import { listenError } from '../edge/listen-error.ts'
import { field, type Logger } from '../log.ts'
import type { DemandPort } from '../on-demand/waiting-room.ts'
import type { WorkerAddresses, WorkerCall } from './messages.ts'
import { WorkerProcess } from './worker-process.ts'

/** A worker that ended by itself comes back after this long, so that a crash at start does not become a loop. */
const RESPAWN_MS = 1_000
/** How long all workers have for a reload, which compiles the rules. */
const RELOAD_TIMEOUT_MS = 30_000

export interface WorkerPool {
  readonly publisher: ChallengePublisher
  readonly addresses: WorkerAddresses
  reload(config: EdgeConfig): Promise<void>
  metrics(): Promise<unknown[]>
  close(): Promise<void>
}

export interface WorkerPoolOptions {
  /** The entry file of a worker's process. */
  readonly program: string
  readonly log: Logger
  /** Holds what is active, for workers that start later. */
  readonly challenges: ActiveChallenges
  /** Joins what the rules of all workers remember. */
  readonly collections: CollectionRelay
  /** Gets certificates that handshakes of the workers ask for. Default: nobody does. */
  readonly demand?: DemandPort
}

/**
 * Starts `config.workers` processes that share the ports. SO_REUSEPORT would let a second program share them as well,
 * without a word: so each address is first bound alone, which fails where it is in use.
 */
export async function startWorkers(config: EdgeConfig, options: WorkerPoolOptions): Promise<WorkerPool> {
  const pool = new Pool(await withFreePorts(config), options)
  await pool.start()
  return pool
}

class Pool implements WorkerPool {
  addresses: WorkerAddresses = { http: [], https: [] }
  readonly #workers = new Set<WorkerProcess>()
  readonly #options: WorkerPoolOptions
  readonly #ticketKeys = randomBytes(48).toString('base64')
  #config: EdgeConfig
  #closing = false

  constructor(config: EdgeConfig, options: WorkerPoolOptions) {
    this.#config = config
    this.#options = options
  }

  readonly publisher: ChallengePublisher = {
    publish: async (challenge, signal) => {
      this.#options.challenges.publish(challenge)
      await this.#callAll({ call: 'publish', challenge }, signal)
    },
    withdraw: async (challenge, signal) => {
      this.#options.challenges.withdraw(challenge)
      await this.#callAll({ call: 'withdraw', challenge }, signal)
    },
    installed: async (name, signal) => {
      await this.#callAll({ call: 'installed', name }, signal)
    },
  }

  async start(): Promise<void> {
    const workers = Array.from({ length: this.#config.workers }, () => this.#spawn())
    try {
      const [first] = await Promise.all(workers.map((worker) => worker.ready))
      if (first !== undefined) this.addresses = first
    } catch (error) {
      this.#closing = true
      for (const worker of workers) worker.kill()
      throw error
    }
  }

  async reload(config: EdgeConfig): Promise<void> {
    await this.#callAll({ call: 'reload', config }, AbortSignal.timeout(RELOAD_TIMEOUT_MS))
    this.#config = { ...config, listen: this.#config.listen }
  }

  async metrics(): Promise<unknown[]> {
    const snapshots = await this.#callAll({ call: 'metrics' }, AbortSignal.timeout(2_000))
    return snapshots.filter((snapshot) => snapshot !== undefined)
  }

  async close(): Promise<void> {
    this.#closing = true
    const timer = setTimeout(() => this.#killAll(), this.#config.limits.drainTimeoutMs + 1_000)
    for (const worker of this.#workers) worker.close()
    await Promise.all([...this.#workers].map((worker) => worker.exited))
    clearTimeout(timer)
  }

  #killAll(): void {
    for (const worker of this.#workers) worker.kill()
  }

  #callAll(call: WorkerCall, signal: AbortSignal): Promise<unknown[]> {
    return Promise.all([...this.#workers].map((worker) => worker.call(call, signal)))
  }

  #spawn(): WorkerProcess {
    const { program, challenges, collections, log } = this.#options
    const known = { challenges: challenges.all(), collections: collections.snapshot() }
    const seat = collections.join((update) => worker.tell(update))
    const start = { config: this.#config, ticketKeys: this.#ticketKeys, ...known }
    const worker = new WorkerProcess(program, start, (news) => {
      switch (news.kind) {
        case 'changes':
          return seat.receive(news.message)
        case 'collections-received':
          return seat.acknowledged()
        case 'demand':
          return this.#answerDemand(worker, news)
        case 'seen':
          return this.#options.demand?.seen(news.name)
      }
    })
    this.#workers.add(worker)
    void worker.exited.then(() => {
      seat.leave()
      this.#workers.delete(worker)
      if (this.#closing) return
      log.error({}, 'a worker ended by itself; another one starts')
      setTimeout(() => this.#respawn(), RESPAWN_MS)
    })
    return worker
  }

  #answerDemand(worker: WorkerProcess, { id, name }: { readonly id: number; readonly name: string }): void {
    const answer = this.#options.demand?.request(name) ?? Promise.resolve(false)
    void answer.catch(() => false).then((served) => worker.answerDemand(id, served))
  }

  #respawn(): void {
    if (this.#closing) return
    const { log } = this.#options
    this.#spawn().ready.catch((error: Error) => log.error({ [field.error]: error.message }, 'a worker did not start'))
  }
}

/** The config with port 0 replaced by a free port. Throws EdgeError ACME_EDGE_LISTEN_FAILED when one is in use. */
async function withFreePorts(config: EdgeConfig): Promise<EdgeConfig> {
  const check = (addresses: readonly ListenAddress[]) => Promise.all(addresses.map(bindAlone))
  return { ...config, listen: { http: await check(config.listen.http), https: await check(config.listen.https) } }
}

function bindAlone(address: ListenAddress): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', (cause) => reject(listenError(address, cause)))
    server.listen({ ...address, exclusive: true }, () => {
      const bound = server.address()
      const port = bound !== null && typeof bound === 'object' ? bound.port : address.port
      server.close(() => resolve({ ...address, port }))
    })
  })
}
