import { BoundedMap } from './bounded-map.ts'
import { parseDemandedName } from './demanded-name.ts'

/** Whoever gets certificates: this process itself, or the primary at the end of a channel. */
export interface DemandPort {
  /** Resolves when it is decided: true once a certificate for the name is served. */
  request(name: string): Promise<boolean>
  /** A certificate of this name is in use: it may be renewed. */
  seen(name: string): void
}

export interface WaitingSettings {
  /** Handshakes that may wait at a time in this process. */
  readonly waitingHandshakes: number
  /** Default: 20 000. */
  readonly waitMs?: number
}

const defaultWaitMs = 20_000
/** Of all places at most this part is for one name: who calls one slow name again and again holds up no other. */
const partOfOneName = 4
/** How often a name that is in use is reported; ARI (RFC 9773 §4.2) is to be asked twice a day at least. */
const reportEveryMs = 3_600_000
const mostReported = 20_000

interface Guests {
  readonly answer: Promise<boolean>
  count: number
}

/**
 * Where handshakes wait for a certificate that is being got. Names come from strangers: only so many wait, only so long, and
 * the rest are turned away at once.
 */
export class WaitingRoom {
  readonly #port: DemandPort
  readonly #settings: () => WaitingSettings | undefined
  readonly #elapsed: () => number
  readonly #byName = new Map<string, Guests>()
  readonly #reported = new BoundedMap<number>(mostReported)
  #waiting = 0

  /** @param settings `undefined`: certificates are not got on demand */
  constructor(port: DemandPort, settings: () => WaitingSettings | undefined, elapsed = () => performance.now()) {
    this.#port = port
    this.#settings = settings
    this.#elapsed = elapsed
  }

  /** How long a handshake waits at most, as things are now. */
  get waitMs(): number {
    const settings = this.#settings()
    return settings === undefined ? 0 : (settings.waitMs ?? defaultWaitMs)
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Resolves true once there is a certificate, false when there will be none or none in time. Never rejects. */
  async wait(servername: string): Promise<boolean> {
    const settings = this.#settings()
    const name = parseDemandedName(servername)
    if (settings === undefined || name === undefined) return false
    const { waitingHandshakes: most } = settings
    const known = this.#byName.get(name)
    const mostOfName = Math.max(1, Math.floor(most / partOfOneName))
    if (this.#waiting >= most || (known?.count ?? 0) >= mostOfName) return false
    const guests = known ?? this.#admit(name)
    guests.count++
    this.#waiting++
    try {
      const served = await within(this.waitMs, guests.answer)
      if (served) this.#reported.set(name, this.#elapsed() + reportEveryMs) // a new one need not be looked at
      return served
    } finally {
      guests.count--
      this.#waiting--
    }
  }

  /** To be called for every handshake that a certificate was there for: costs a look-up. */
  seen(servername: string): void {
    if (this.#settings() === undefined) return
    const now = this.#elapsed()
    if (now < (this.#reported.get(servername) ?? 0)) return
    this.#reported.set(servername, now + reportEveryMs)
    const name = parseDemandedName(servername)
    if (name !== undefined) this.#port.seen(name)
  }

  /** All handshakes for a name wait for one answer, those included that come after the first has given up. */
  #admit(name: string): Guests {
    const answer = this.#port.request(name).catch(() => false)
    const guests = { answer, count: 0 }
    this.#byName.set(name, guests)
    void answer.then(() => this.#byName.delete(name))
    return guests
  }
}

function within(ms: number, answer: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms)
    void answer.then((result) => {
      clearTimeout(timer)
      resolve(result)
    })
  })
}
