import { randomUUID } from 'node:crypto'
import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import type { SharedStore } from '../store/open-store.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import type { RedisReply } from '../store/redis-script.ts'
import { RevokedNames, revokedChannel } from '../store/revoked-names.ts'
import { type Announcement, fieldOf, formatAnnouncement, parseAnnouncement, parseMessage } from './announcement.ts'
import { CertificateFollower } from './certificate-follower.ts'
import { Publications } from './publications.ts'
import type { Replica } from './replica.ts'
import { acknowledge, announce, beat, laggards, leave, register, snapshot } from './replica-scripts.ts'
import { Wakeable } from './wakeable.ts'

/** A replica that has died, or is cut off, keeps the others waiting for so long. */
export const LEASE_MS = 4_000
const BEAT_MS = 1_000
/** Certificates are compared so often, whatever was announced. */
const SWEEP_MS = 15_000
/** Between two looks at who has acknowledged, where no message of it comes through. */
const LOOK_MS = 150
/** After a new connection, what others had published stays: its publisher may need so long to tell a Redis that forgot. */
const GRACE_MS = 2 * LEASE_MS
/**
 * How long the processes of this replica have to do what was announced. One that takes longer (a worker hangs) lets its
 * lease end: validators that are led to it get no answer anyway, and the others need not wait for it.
 */
const APPLY_MS = 3_000
/** To register with all that was announced by then. */
const MOST_TRIES = 20
/** From opening the listeners to `attach`; who takes longer does not start. */
const START_MS = 60_000

/**
 * One of several edges that share a Redis. What is announced has a number; each replica does it in order and says in Redis
 * how far it has come, so that whoever announced knows when all that are live have done it: those whose lease has not
 * ended. Messages only make it fast: who misses one notices a gap, at the latest with its next heartbeat, and compares all.
 *
 * A connection is a session of its own. What happened between two is not known (Redis may have lost its latest data), so a
 * new one begins with comparing and registering; nothing that was learned over the old one is said over the new one.
 */
export class RedisReplica implements Replica {
  readonly #id = randomUUID()
  readonly #shared: SharedStore
  readonly #log: Logger
  readonly #known = new Publications(this.#id)
  readonly #certificates: CertificateFollower
  readonly #revoked: RevokedNames
  #onRevoked: (name: string) => void = () => undefined
  readonly #local = Promise.withResolvers<ChallengePublisher | undefined>()
  readonly #acknowledged = new Wakeable()
  /** Monotonic: since when what is active is served by somebody who is not attached yet. */
  #handedOverAt: number | undefined
  #isAttached = false
  #isClosed = false
  #applied = 0
  /** Until then nothing is withdrawn for not being in Redis; monotonic. */
  #graceUntil = 0
  #isMending = false
  /** It could not do what was announced, or cannot write: reported once. */
  #isFailing = false
  /** One after the other, in the order of the announcements. */
  #work: Promise<unknown> = Promise.resolve()
  #firstSession: Promise<void> | undefined

  /** @param served what the folder had before certificates were loaded from it */
  constructor(
    shared: SharedStore,
    { log, served }: { readonly log: Logger; readonly served: ReadonlyMap<string, string> },
  ) {
    this.#shared = shared
    this.#log = log
    const { certificates, redis } = shared
    this.#revoked = new RevokedNames(redis)
    this.#certificates = new CertificateFollower({ certificates, log, served, publisher: () => this.#publisher() })
  }

  async join(): Promise<readonly ActiveChallenge[]> {
    this.#shared.redis.onConnect((connection) => {
      const session = this.#begin(connection)
      this.#firstSession ??= session
    })
    await this.#firstSession
    this.#handedOverAt = performance.now()
    return Array.from(this.#known.active.values(), ({ challenge }) => challenge)
  }

  attach(local: ChallengePublisher): ChallengePublisher {
    this.#local.resolve(local)
    this.#isAttached = true
    // Certificates that came between their loading and now are in the folder, and not served yet.
    if (this.#shared.redis.connection !== undefined) void this.#certificates.follow()
    return {
      publish: async (challenge, signal) => {
        await local.publish(challenge, signal)
        await this.#announceAndWait({ call: 'publish', ...this.#known.publish(challenge) }, signal)
      },
      withdraw: async ({ host, token }, signal) => {
        const { by, isServed } = this.#known.withdraw({ host, token })
        if (isServed) await local.withdraw({ host, token }, signal)
        await this.#announceAndWait({ call: 'withdraw', host, token, by }, signal)
      },
      installed: async (name, signal) => {
        await this.#certificates.install(local, name, signal)
        await this.#announceAndWait({ call: 'installed', name }, signal)
      },
    }
  }

  onRevoked(listener: (name: string) => void): void {
    this.#onRevoked = listener
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#certificates.close()
    this.#local.resolve(undefined)
    const { connection } = this.#shared.redis
    await connection?.run(leave, { keys: this.#keys('replicas', 'applied'), values: [this.#id] }).catch(() => undefined)
  }

  /** Resolves when this replica is registered and has done all that was announced, or the connection is lost again. */
  async #begin(connection: RedisConnection): Promise<void> {
    if (this.#isClosed) return
    try {
      await connection.subscribe(this.#key('announcements'), (message) => {
        void this.#inTurn(connection, () => this.#receive(connection, message.toString('utf8')))
      })
      await connection.subscribe(this.#key('certificates'), () => void this.#certificates.follow())
      await connection.subscribe(this.#key(revokedChannel), () => void this.#tellRevoked())
      await connection.subscribe(this.#key('acknowledgements'), () => this.#acknowledged.wake())
      await this.#inTurn(connection, () => this.#rejoin(connection))
    } catch (error) {
      // Without messages it goes on at the pace of the heartbeats.
      if (connection.isOpen()) this.#noteFailure(error)
    } finally {
      this.#keepAlive(connection)
    }
  }

  #keepAlive(connection: RedisConnection): void {
    const compare = () => void this.#inTurn(connection, () => this.#compare(connection))
    const timers = [
      setInterval(() => void this.#beat(connection), BEAT_MS),
      setInterval(compare, SWEEP_MS),
      setTimeout(compare, GRACE_MS + 100),
    ]
    for (const timer of timers) timer.unref()
    void connection.ended.then(() => {
      for (const timer of timers) clearTimeout(timer)
      this.#acknowledged.wake()
    })
  }

  /** Not in turn: it goes on while a slow announcement is carried out. */
  async #beat(connection: RedisConnection): Promise<void> {
    if (this.#isClosed) return
    const reply = this.#isFailing || this.#isStuckInStart() ? -1 : await this.#renew(connection)
    if (reply === undefined || reply === this.#applied || this.#isMending) return
    this.#isMending = true
    await this.#inTurn(connection, () => (reply < 0 ? this.#rejoin(connection) : this.#catchUp(connection)))
    this.#isMending = false
  }

  async #renew(connection: RedisConnection): Promise<number | undefined> {
    const keys = this.#keys('replicas', 'applied', 'sequence')
    try {
      return Number(await connection.run(beat, { keys, values: [this.#id, LEASE_MS] }))
    } catch (error) {
      if (connection.isOpen()) this.#noteFailure(error)
      return undefined
    }
  }

  #isStuckInStart(): boolean {
    return this.#handedOverAt !== undefined && !this.#isAttached && performance.now() - this.#handedOverAt > START_MS
  }

  async #rejoin(connection: RedisConnection): Promise<void> {
    this.#graceUntil = performance.now() + GRACE_MS
    await this.#tellAgain(connection)
    for (let tries = 1; ; tries++) {
      await this.#compare(connection)
      // Where announcements come faster than they can be compared, it registers behind them: then they wait for it.
      const values = [this.#id, LEASE_MS, this.#applied, tries < MOST_TRIES ? 0 : 1]
      if ((await connection.run(register, { keys: this.#keys('replicas', 'applied', 'sequence'), values })) === 1) break
    }
    await this.#catchUp(connection)
    this.#isFailing = false
  }

  /** What Redis has lost, or could not be told. */
  async #tellAgain(connection: RedisConnection): Promise<void> {
    await this.#tellWithdrawals(connection)
    const { publications } = await this.#snapshot(connection)
    const present = new Set(publications.map(({ challenge }) => fieldOf(challenge)))
    for (const [name, own] of this.#known.own) {
      if (own.challenge.expiresAtMs <= Date.now()) this.#known.own.delete(name)
      else if (!present.has(name)) await this.#announce(connection, { call: 'publish', ...own })
    }
  }

  async #tellWithdrawals(connection: RedisConnection): Promise<void> {
    for (const withdrawal of this.#known.unsaid.values()) {
      await this.#announce(connection, { call: 'withdraw', ...withdrawal })
      this.#known.said(withdrawal)
    }
  }

  async #catchUp(connection: RedisConnection): Promise<void> {
    for (;;) {
      const { sequence } = await this.#snapshot(connection)
      if (sequence === this.#applied) return
      await this.#compare(connection)
      await this.#acknowledge(connection)
    }
  }

  /** Makes what is served here what is active. */
  async #compare(connection: RedisConnection): Promise<void> {
    const { sequence, publications } = await this.#snapshot(connection)
    const { active, own } = this.#known
    const wanted = new Map(own)
    for (const publication of publications) wanted.set(fieldOf(publication.challenge), publication)
    const isGrace = performance.now() < this.#graceUntil
    const gone = isGrace ? [] : [...active].filter(([name]) => !wanted.has(name))
    for (const [, { challenge, by }] of gone) {
      await this.#apply({ call: 'withdraw', host: challenge.host, token: challenge.token, by })
    }
    for (const publication of wanted.values()) await this.#apply({ call: 'publish', ...publication })
    await this.#certificates.followBriefly()
    await this.#tellRevoked()
    this.#applied = sequence
    await this.#tellWithdrawals(connection)
  }

  /** Never fails: the next comparison asks again. */
  async #tellRevoked(): Promise<void> {
    for (const name of await this.#revoked.next().catch(() => [])) this.#onRevoked(name)
  }

  async #receive(connection: RedisConnection, message: string): Promise<void> {
    const parsed = parseMessage(message)
    if (parsed === undefined || parsed.sequence <= this.#applied) return
    if (parsed.sequence !== this.#applied + 1) return this.#catchUp(connection)
    await this.#apply(parsed.announcement)
    this.#applied = parsed.sequence
    await this.#acknowledge(connection)
    await this.#tellWithdrawals(connection)
  }

  /** Does it here. Throws when a process of this replica did not acknowledge: then neither does this replica. */
  async #apply(announcement: Announcement): Promise<void> {
    const signal = AbortSignal.timeout(APPLY_MS)
    const { active } = this.#known
    switch (announcement.call) {
      case 'publish': {
        const { challenge, by } = announcement
        const name = fieldOf(challenge)
        if (active.get(name)?.by === by || this.#known.isRetired(announcement)) return
        await (await this.#publisher())?.publish(challenge, signal)
        active.set(name, { challenge, by })
        return
      }
      case 'withdraw': {
        const name = fieldOf(announcement)
        const { by } = announcement
        if (by !== '' && active.get(name)?.by !== by) return // ended already, or published anew since
        await (await this.#publisher())?.withdraw(announcement, signal)
        active.delete(name)
        return
      }
      case 'installed':
        return this.#certificates.followBriefly()
    }
  }

  /** `undefined` as long as nobody serves: what is active is handed over when somebody begins to. */
  async #publisher(): Promise<ChallengePublisher | undefined> {
    return this.#handedOverAt === undefined ? undefined : this.#local.promise
  }

  async #announceAndWait(announcement: Announcement, signal: AbortSignal): Promise<void> {
    const { connection } = this.#shared.redis
    if (connection === undefined) throw lost('the store is lost')
    try {
      const sequence = await this.#announce(connection, announcement)
      if (announcement.call === 'withdraw') this.#known.said(announcement)
      const keys = this.#keys('replicas', 'applied')
      for (;;) {
        const { count } = this.#acknowledged
        if ((await connection.run(laggards, { keys, values: [sequence] })) === 0) return
        await this.#acknowledged.after(count, LOOK_MS, signal)
      }
    } catch (error) {
      throw signal.aborted || error instanceof EdgeError ? error : lost(toEdgeError(error).message)
    }
  }

  async #announce(connection: RedisConnection, announcement: Announcement): Promise<number> {
    const values = [this.#key('announcements'), formatAnnouncement(announcement), ...fateOf(announcement)]
    return Number(await connection.run(announce, { keys: this.#keys('sequence', 'challenges'), values }))
  }

  async #acknowledge(connection: RedisConnection): Promise<void> {
    const values = [this.#id, this.#applied, this.#key('acknowledgements')]
    await connection.run(acknowledge, { keys: this.#keys('replicas', 'applied'), values })
  }

  async #snapshot(connection: RedisConnection) {
    const reply = await connection.run(snapshot, { keys: this.#keys('sequence', 'challenges') })
    const [sequence, ...stored] = reply as readonly RedisReply[] // as the script says
    const found = stored.map((text) => parseAnnouncement(String(text)))
    return { sequence: Number(sequence), publications: found.filter((one) => one?.call === 'publish') }
  }

  /** What belongs to a connection that has ended is left undone; what fails is tried again with the next heartbeat. */
  #inTurn(connection: RedisConnection, work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      if (connection.isOpen() && !this.#isClosed) await work()
    })
    this.#work = done.catch((error: unknown) => {
      if (connection.isOpen() && !this.#isClosed) this.#noteFailure(error)
    })
    return done.catch(() => undefined)
  }

  #noteFailure(error: unknown): void {
    if (this.#isFailing) return
    this.#isFailing = true
    const fields = { [field.error]: toEdgeError(error).message }
    this.#log.warn(fields, 'this replica cannot do what was announced; the others do not wait for it until it can')
  }

  #key(kind: string): string {
    return this.#shared.redis.key(kind)
  }

  #keys(...kinds: string[]): string[] {
    return kinds.map((kind) => this.#key(kind))
  }
}

/** What becomes of the field of `challenges`. */
function fateOf(announcement: Announcement): [fate: 'set' | 'drop' | 'keep', name: string, by: string] {
  switch (announcement.call) {
    case 'publish':
      return ['set', fieldOf(announcement.challenge), announcement.by]
    case 'withdraw':
      return ['drop', fieldOf(announcement), announcement.by]
    case 'installed':
      return ['keep', '', '']
  }
}

function lost(reason: string): EdgeError {
  return new EdgeError('ACME_EDGE_STORE_UNWRITABLE', `the other replicas cannot be told (${reason})`)
}
