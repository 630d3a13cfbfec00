import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import type { ControlRequest } from '../control/protocol.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import type { SharedStore } from '../store/open-store.ts'
import type { RedisConnection } from '../store/redis-connection.ts'
import type { RedisReply } from '../store/redis-script.ts'
import { challengeField, parseActive, parseAnnouncement } from './announcement.ts'
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
/** How long an announcement waits for the certificates that it tells of. */
const PULL_MS = 2_000
/** From opening the listeners to `attach`; who takes longer does not start. */
const START_MS = 60_000

type Key = Pick<ActiveChallenge, 'host' | 'token'>

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
  /** Served here: by (host, token), those of this replica and of others. */
  readonly #active = new Map<string, ActiveChallenge>()
  /** Published by this replica: Redis is told again when it has lost them. */
  readonly #own = new Map<string, ActiveChallenge>()
  /** Withdrawn here while Redis was lost. */
  readonly #withdrawn = new Map<string, Key>()
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
  #pulling: Promise<void> = Promise.resolve()
  #nextPull: Promise<void> | undefined
  /** One after the other, in the order of the announcements. */
  #work: Promise<unknown> = Promise.resolve()
  #firstSession: Promise<void> | undefined

  /** Certificates as this replica serves them. */
  readonly #served: Map<string, string>

  /** @param served what the folder had before certificates were loaded from it */
  constructor(
    shared: SharedStore,
    { log, served }: { readonly log: Logger; readonly served: ReadonlyMap<string, string> },
  ) {
    this.#shared = shared
    this.#log = log
    this.#served = new Map(served)
  }

  async join(): Promise<readonly ActiveChallenge[]> {
    this.#shared.redis.onConnect((connection) => {
      const session = this.#begin(connection)
      this.#firstSession ??= session
    })
    await this.#firstSession
    this.#handedOverAt = performance.now()
    return [...this.#active.values()]
  }

  attach(local: ChallengePublisher): ChallengePublisher {
    this.#local.resolve(local)
    this.#isAttached = true
    // Certificates that came between their loading and now are in the folder, and not served yet.
    if (this.#shared.redis.connection !== undefined) void this.#pullCertificates()
    return {
      publish: async (challenge, signal) => {
        await local.publish(challenge, signal)
        const name = challengeField(challenge)
        this.#active.set(name, challenge)
        this.#own.set(name, challenge)
        this.#withdrawn.delete(name)
        await this.#announceAndWait({ id: 0, call: 'publish', challenge }, signal)
      },
      withdraw: async ({ host, token }, signal) => {
        const name = challengeField({ host, token })
        this.#active.delete(name)
        this.#own.delete(name)
        this.#withdrawn.set(name, { host, token })
        await local.withdraw({ host, token }, signal)
        await this.#announceAndWait({ id: 0, call: 'withdraw', host, token }, signal)
      },
      installed: async (name, signal) => {
        await local.installed(name, signal)
        // Somebody has installed a later one meanwhile: that one is served.
        const { certificates } = this.#shared
        if (!(await certificates.push(name))) await local.installed(name, signal)
        this.#served.set(name, (await certificates.present()).get(name) ?? '')
        await this.#announceAndWait({ id: 0, call: 'installed', name }, signal)
      },
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
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
      await connection.subscribe(this.#key('certificates'), () => void this.#pullCertificates())
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
    await this.#compare(connection)
    const values = [this.#id, LEASE_MS, this.#applied]
    await connection.run(register, { keys: this.#keys('replicas', 'applied', 'sequence'), values })
    // From here on the others wait for us. What was announced before that, and after we looked:
    await this.#catchUp(connection)
    this.#isFailing = false
  }

  /** What Redis has lost, or could not be told. */
  async #tellAgain(connection: RedisConnection): Promise<void> {
    const known = new Set((await this.#snapshot(connection)).challenges.map(challengeField))
    for (const [name, challenge] of this.#own) {
      if (challenge.expiresAtMs <= Date.now()) this.#own.delete(name)
      else if (!known.has(name)) await this.#announce(connection, { id: 0, call: 'publish', challenge })
    }
    for (const [name, { host, token }] of this.#withdrawn) {
      await this.#announce(connection, { id: 0, call: 'withdraw', host, token })
      this.#withdrawn.delete(name)
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
    const { sequence, challenges } = await this.#snapshot(connection)
    const wanted = new Map(challenges.map((challenge) => [challengeField(challenge), challenge]))
    for (const [name, challenge] of this.#own) wanted.set(name, challenge)
    const isGrace = performance.now() < this.#graceUntil
    const gone = isGrace ? [] : [...this.#active].filter(([name]) => !wanted.has(name))
    for (const [, challenge] of gone) await this.#apply({ id: 0, call: 'withdraw', ...challenge })
    for (const challenge of wanted.values()) await this.#apply({ id: 0, call: 'publish', challenge })
    await this.#pullBriefly()
    this.#applied = sequence
  }

  async #receive(connection: RedisConnection, message: string): Promise<void> {
    const announcement = parseAnnouncement(message)
    if (announcement === undefined) return
    const { sequence, request } = announcement
    if (sequence <= this.#applied) return
    if (sequence !== this.#applied + 1) return this.#catchUp(connection)
    await this.#apply(request)
    this.#applied = sequence
    await this.#acknowledge(connection)
  }

  /** Does it here. Throws when a process of this replica did not acknowledge: then neither does this replica. */
  async #apply(request: ControlRequest): Promise<void> {
    const signal = AbortSignal.timeout(APPLY_MS)
    switch (request.call) {
      case 'publish': {
        const { challenge } = request
        const known = this.#active.get(challengeField(challenge))
        if (known !== undefined && JSON.stringify(known) === JSON.stringify(challenge)) return
        await (await this.#publisher())?.publish(challenge, signal)
        this.#active.set(challengeField(challenge), challenge)
        return
      }
      case 'withdraw':
        await (await this.#publisher())?.withdraw(request, signal)
        this.#active.delete(challengeField(request))
        return
      case 'installed':
        return this.#pullBriefly()
    }
  }

  /**
   * Others wait for certificates as well, but not for long: ten thousand on a new machine take a while, and challenges
   * must not stand behind them.
   */
  async #pullBriefly(): Promise<void> {
    await Promise.race([this.#pullCertificates(), delay(PULL_MS, undefined, { ref: false })])
  }

  /** One after the other; whoever asks while one waits to begin shares it. */
  #pullCertificates(): Promise<void> {
    if (this.#nextPull !== undefined) return this.#nextPull
    const next = this.#pulling.then(() => {
      this.#nextPull = undefined
      return this.#pullNow()
    })
    this.#nextPull = next
    this.#pulling = next
    return next
  }

  /** Never fails. */
  async #pullNow(): Promise<void> {
    if (this.#isClosed) return
    try {
      const present = await this.#shared.certificates.pull()
      const publisher = await this.#publisher()
      if (publisher === undefined) return // `attach` looks again
      for (const [name, digest] of present) {
        if (this.#served.get(name) === digest) continue
        await publisher.installed(name, AbortSignal.timeout(APPLY_MS))
        this.#served.set(name, digest)
        this.#log.info({ [field.name]: name }, 'a certificate of another replica is served')
      }
    } catch (error) {
      // The sweep tries again. A full disk of this machine is no reason for others to wait.
      this.#log.warn({ [field.error]: toEdgeError(error).message }, 'certificates of other replicas are not served yet')
    }
  }

  /** `undefined` as long as nobody serves: what is active is handed over when somebody begins to. */
  async #publisher(): Promise<ChallengePublisher | undefined> {
    return this.#handedOverAt === undefined ? undefined : this.#local.promise
  }

  async #announceAndWait(request: ControlRequest, signal: AbortSignal): Promise<void> {
    const { connection } = this.#shared.redis
    if (connection === undefined) throw lost('the store is lost')
    try {
      const sequence = await this.#announce(connection, request)
      if (request.call === 'withdraw') this.#withdrawn.delete(challengeField(request))
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

  async #announce(connection: RedisConnection, request: ControlRequest): Promise<number> {
    const [fate, name] = fateOf(request)
    const values = [this.#key('announcements'), JSON.stringify(request), fate, name]
    return Number(await connection.run(announce, { keys: this.#keys('sequence', 'challenges'), values }))
  }

  async #acknowledge(connection: RedisConnection): Promise<void> {
    const values = [this.#id, this.#applied, this.#key('acknowledgements')]
    await connection.run(acknowledge, { keys: this.#keys('replicas', 'applied'), values })
  }

  async #snapshot(connection: RedisConnection) {
    const reply = await connection.run(snapshot, { keys: this.#keys('sequence', 'challenges') })
    const [sequence, ...stored] = reply as readonly RedisReply[] // as the script says
    return { sequence: Number(sequence), challenges: stored.flatMap((text) => parseActive(String(text)) ?? []) }
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

function fateOf(request: ControlRequest): [fate: 'set' | 'drop' | 'keep', name: string] {
  switch (request.call) {
    case 'publish':
      return ['set', challengeField(request.challenge)]
    case 'withdraw':
      return ['drop', challengeField(request)]
    case 'installed':
      return ['keep', '']
  }
}

function lost(reason: string): EdgeError {
  return new EdgeError('ACME_EDGE_STORE_UNWRITABLE', `the other replicas cannot be told (${reason})`)
}
