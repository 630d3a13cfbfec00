import { toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import type { RedisConnection } from '../store/redis-connection.ts'

/** What a replica does one after the other, in the order of the announcements, and whether it can. */
export class Turns {
  readonly #log: Logger
  #work: Promise<unknown> = Promise.resolve()
  #isFailing = false
  #isClosed = false

  constructor(log: Logger) {
    this.#log = log
  }

  /** It could not do what was announced, or cannot write. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What belongs to a connection that has ended is left undone; what fails is tried again with the next heartbeat. */
  take(connection: RedisConnection, work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(async () => {
      if (connection.isOpen() && !this.#isClosed) await work()
    })
    this.#work = done.catch((error: unknown) => this.noteFailure(connection, error))
    return done.catch(() => undefined)
  }

  /** Reported once, until `noteSuccess`. What fails for the end of the connection is no failure of this replica. */
  noteFailure(connection: RedisConnection, error: unknown): void {
    if (this.#isFailing || this.#isClosed || !connection.isOpen()) return
    this.#isFailing = true
    const fields = { [field.error]: toEdgeError(error).message }
    this.#log.warn(fields, 'this replica cannot do what was announced; the others do not wait for it until it can')
  }

  noteSuccess(): void {
    this.#isFailing = false
  }

  close(): void {
    this.#isClosed = true
  }
}
