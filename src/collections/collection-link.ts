import type { CollectionChange, CollectionState } from '../waf/persistent/collection-change.ts'
import { PersistentCollections } from '../waf/persistent/persistent-collections.ts'
import type { ChangesMessage, UpdateMessage } from './messages.ts'
import { PendingChanges } from './pending-changes.ts'

/** How long changes are gathered before they are told. */
export const LINK_MS = 20

export interface LinkPort {
  /** Resolves when the message is on its way. */
  sendChanges(message: ChangesMessage): Promise<void>
  acknowledge(): void
}

/**
 * The collections of a process that shares them with others: rules see their own changes at once, those of other processes
 * some ten milliseconds later. The holder's states are the truth; what it has not heard of yet is applied on top of them, so
 * that all processes come to the same values and no addition is lost. One message is under way at a time.
 */
export class CollectionLink {
  readonly memory: PersistentCollections
  readonly #port: LinkPort
  readonly #pending = new PendingChanges(() => this.#plan())
  #sent: Map<string, CollectionChange> | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param known what the holder knew when this process started */
  constructor(port: LinkPort, known: readonly CollectionState[]) {
    this.#port = port
    this.memory = new PersistentCollections(this.#pending)
    for (const state of known) this.memory.put(state)
  }

  receive({ confirms, states, gone }: UpdateMessage): void {
    if (confirms) this.#sent = undefined
    for (const id of gone) {
      this.memory.remove(id)
      this.#reapply(id)
    }
    for (const state of states) {
      const isReplaced = this.memory.put(state)
      this.#reapply(state.id, isReplaced ? undefined : new Set(state.members.map(({ name }) => name.toLowerCase())))
    }
    this.#port.acknowledge()
    this.#plan()
  }

  /** Tells all that is left; for the end of the process. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    while (this.#pending.size > 0) await this.#port.sendChanges({ changes: this.#pending.take() })
  }

  /** @param only the members that a state has just set; default: all */
  #reapply(id: string, only?: ReadonlySet<string>): void {
    const sent = this.#sent?.get(id)
    const pending = this.#pending.find(id)
    if (sent !== undefined) this.memory.apply(sent, only)
    if (pending !== undefined) this.memory.apply(pending, sent?.drops === true ? undefined : only)
  }

  #plan(): void {
    if (this.#timer !== undefined || this.#sent !== undefined || this.#pending.size === 0) return
    this.#timer = setTimeout(() => this.#send(), LINK_MS)
    this.#timer.unref()
  }

  #send(): void {
    this.#timer = undefined
    const changes = this.#pending.take()
    this.#sent = new Map(changes.map((change) => [change.id, change]))
    void this.#port.sendChanges({ changes })
  }
}
