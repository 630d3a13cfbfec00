import type { RedisConnection } from '../store/redis-connection.ts'
import { revokedChannel } from '../store/revoked-names.ts'
import { fieldOf, parseMessage } from './announcement.ts'
import { LEASE_MS, type ReplicaRecords } from './replica-records.ts'
import type { ServedHere } from './served-here.ts'
import type { Turns } from './turns.ts'
import type { Wakeable } from './wakeable.ts'

const BEAT_MS = 1_000
/** Certificates are compared so often, whatever was announced. */
const SWEEP_MS = 15_000
/** After a new connection, what others had published stays: its publisher may need so long to tell a Redis that forgot. */
const GRACE_MS = 2 * LEASE_MS
/** To register with all that was announced by then. */
const MOST_TRIES = 20

export interface SessionParts {
  readonly records: ReplicaRecords
  /** How a channel is called in this store. */
  readonly key: (kind: string) => string
  readonly served: ServedHere
  readonly turns: Turns
  /** Woken when some replica has acknowledged. */
  readonly acknowledged: Wakeable
  /** Tells this replica which certificates were revoked since it was told last. */
  readonly tellRevoked: () => Promise<void>
}

/**
 * A replica for as long as one connection lasts. What happened before it is not known (Redis may have lost its latest data),
 * so it begins with comparing and registering; nothing that was learned over an earlier one is said over this one.
 */
export class ReplicaSession {
  readonly #connection: RedisConnection
  readonly #parts: SessionParts
  /** Until then nothing is withdrawn for not being in Redis; monotonic. */
  #graceUntil = performance.now() + GRACE_MS
  #isMending = false

  constructor(connection: RedisConnection, parts: SessionParts) {
    this.#connection = connection
    this.#parts = parts
  }

  /** Resolves when this replica is registered and has done all that was announced, or the connection is lost again. */
  async begin(): Promise<void> {
    const { key, served, acknowledged, turns, tellRevoked } = this.#parts
    const connection = this.#connection
    try {
      await connection.subscribe(key('announcements'), (message) => {
        void this.#inTurn(() => this.#receive(message.toString('utf8')))
      })
      await connection.subscribe(key('certificates'), () => void served.certificates.follow())
      await connection.subscribe(key(revokedChannel), () => void tellRevoked())
      await connection.subscribe(key('acknowledgements'), () => acknowledged.wake())
      await this.#inTurn(() => this.#rejoin())
    } catch (error) {
      // Without messages it goes on at the pace of the heartbeats.
      turns.noteFailure(connection, error)
    } finally {
      this.#keepAlive()
    }
  }

  #keepAlive(): void {
    const compare = () => void this.#inTurn(() => this.#compareAndSay())
    const timers = [
      setInterval(() => void this.#beat(), BEAT_MS),
      setInterval(compare, SWEEP_MS),
      setTimeout(compare, GRACE_MS + 100),
    ]
    for (const timer of timers) timer.unref()
    void this.#connection.ended.then(() => {
      for (const timer of timers) clearTimeout(timer)
      this.#parts.acknowledged.wake()
    })
  }

  /** Not in turn: it goes on while a slow announcement is carried out. */
  async #beat(): Promise<void> {
    const { turns, served } = this.#parts
    if (turns.isClosed) return
    const reply = turns.isFailing || served.isStuckInStart() ? -1 : await this.#renew()
    if (reply === undefined || reply === served.applied || this.#isMending) return
    this.#isMending = true
    await this.#inTurn(() => (reply < 0 ? this.#rejoin() : this.#catchUp()))
    this.#isMending = false
  }

  async #renew(): Promise<number | undefined> {
    try {
      return await this.#parts.records.beat()
    } catch (error) {
      this.#parts.turns.noteFailure(this.#connection, error)
      return undefined
    }
  }

  async #rejoin(): Promise<void> {
    const { records, served, turns } = this.#parts
    this.#graceUntil = performance.now() + GRACE_MS
    await this.#tellAgain()
    for (let tries = 1; ; tries++) {
      await this.#compare()
      // Where announcements come faster than they can be compared, it registers behind them: then they wait for it.
      if (await records.register(served.applied, tries >= MOST_TRIES)) break
    }
    await this.#catchUp()
    turns.noteSuccess()
  }

  /** What Redis has lost, or could not be told. */
  async #tellAgain(): Promise<void> {
    const { records, served } = this.#parts
    await this.#tellWithdrawals()
    const { publications } = await records.snapshot()
    const present = new Set(publications.map(({ challenge }) => fieldOf(challenge)))
    for (const [name, own] of served.known.own) {
      if (own.challenge.expiresAtMs <= Date.now()) served.known.own.delete(name)
      else if (!present.has(name)) await records.announce({ call: 'publish', ...own })
    }
  }

  async #tellWithdrawals(): Promise<void> {
    const { records, served } = this.#parts
    for (const withdrawal of served.known.unsaid.values()) {
      await records.announce({ call: 'withdraw', ...withdrawal })
      served.known.said(withdrawal)
    }
  }

  async #catchUp(): Promise<void> {
    const { records, served } = this.#parts
    for (;;) {
      const { sequence } = await records.snapshot()
      if (sequence === served.applied) return
      await this.#compareAndSay()
    }
  }

  /** The message of what was found so comes too late to be acknowledged. */
  async #compareAndSay(): Promise<void> {
    await this.#compare()
    await this.#parts.records.acknowledge(this.#parts.served.applied)
  }

  /** Makes what is served here what is active. */
  async #compare(): Promise<void> {
    const { records, served, tellRevoked } = this.#parts
    const { sequence, publications } = await records.snapshot()
    await served.become(publications, { isGrace: performance.now() < this.#graceUntil })
    await tellRevoked()
    served.applied = sequence
    await this.#tellWithdrawals()
  }

  async #receive(message: string): Promise<void> {
    const { records, served } = this.#parts
    const parsed = parseMessage(message)
    if (parsed === undefined || parsed.sequence <= served.applied) return
    if (parsed.sequence !== served.applied + 1) return this.#catchUp()
    await served.apply(parsed.announcement)
    served.applied = parsed.sequence
    await records.acknowledge(served.applied)
    await this.#tellWithdrawals()
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#parts.turns.take(this.#connection, work)
  }
}
