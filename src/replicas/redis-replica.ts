import { randomUUID } from 'node:crypto'
import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import type { Logger } from '../log.ts'
import type { SharedStore } from '../store/open-store.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import { RevokedNames } from '../store/revoked-names.ts'
import { announcingPublisher } from './announcing-publisher.ts'
import type { Replica } from './replica.ts'
import { type ReplicaRecords, replicaRecords } from './replica-records.ts'
import { ReplicaSession } from './replica-session.ts'
import { ServedHere } from './served-here.ts'
import { Turns } from './turns.ts'
import { Wakeable } from './wakeable.ts'

/**
 * One of several edges that share a Redis. What is announced has a number; each replica does it in order and says in Redis
 * how far it has come, so that whoever announced knows when all that are live have done it: those whose lease has not
 * ended. Messages only make it fast: who misses one notices a gap, at the latest with its next heartbeat, and compares all.
 *
 * A connection is a session of its own; what is served and how far that is outlives it.
 */
export class RedisReplica implements Replica {
  readonly #id = randomUUID()
  readonly #shared: SharedStore
  readonly #served: ServedHere
  readonly #turns: Turns
  readonly #acknowledged = new Wakeable()
  readonly #revoked: RevokedNames
  #onRevoked: (name: string) => void = () => undefined
  #firstSession: Promise<void> | undefined

  /** @param served what the folder had before certificates were loaded from it */
  constructor(
    shared: SharedStore,
    { log, served }: { readonly log: Logger; readonly served: ReadonlyMap<string, string> },
  ) {
    this.#shared = shared
    this.#served = new ServedHere({ id: this.#id, certificates: shared.certificates, log, served })
    this.#turns = new Turns(log)
    this.#revoked = new RevokedNames(shared.redis)
  }

  async join(): Promise<readonly ActiveChallenge[]> {
    this.#shared.redis.onConnect((connection) => {
      const session = this.#begin(connection)
      this.#firstSession ??= session
    })
    await this.#firstSession
    return this.#served.handOver()
  }

  attach(local: ChallengePublisher): ChallengePublisher {
    const served = this.#served
    served.attach(local)
    // Certificates that came between their loading and now are in the folder, and not served yet.
    if (this.#shared.redis.connection !== undefined) void served.certificates.follow()
    return announcingPublisher({
      local,
      served,
      records: () => this.#recordsOfNow(),
      acknowledged: this.#acknowledged,
    })
  }

  onRevoked(listener: (name: string) => void): void {
    this.#onRevoked = listener
  }

  async close(): Promise<void> {
    this.#turns.close()
    this.#served.close()
    await this.#recordsOfNow()
      ?.leave()
      .catch(() => undefined)
  }

  async #begin(connection: RedisConnection): Promise<void> {
    if (this.#turns.isClosed) return
    await new ReplicaSession(connection, {
      records: this.#records(connection),
      key: (kind) => this.#shared.redis.key(kind),
      served: this.#served,
      turns: this.#turns,
      acknowledged: this.#acknowledged,
      tellRevoked: () => this.#tellRevoked(),
    }).begin()
  }

  /** Never fails: the next comparison asks again. */
  async #tellRevoked(): Promise<void> {
    for (const name of await this.#revoked.next().catch(() => [])) this.#onRevoked(name)
  }

  #records(connection: RedisConnection): ReplicaRecords {
    return replicaRecords(connection, { id: this.#id, key: (kind) => this.#shared.redis.key(kind) })
  }

  /** `undefined` during an outage. */
  #recordsOfNow(): ReplicaRecords | undefined {
    const { connection } = this.#shared.redis
    return connection && this.#records(connection)
  }
}
