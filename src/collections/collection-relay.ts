import type { CollectionState } from '../waf/persistent/collection-change.ts'
import { persistentNames } from '../waf/persistent/names.ts'
import { collectionLimits } from '../waf/persistent/persistent-collections.ts'
import type { CollectionKeeper } from './collection-keeper.ts'
import type { ChangesMessage, UpdateMessage } from './messages.ts'
import { batchLimits } from './pending-changes.ts'

/** How long news is gathered before the processes hear of it. */
export const RELAY_MS = 20

/** Twice what can be held. News of collections that are no more goes when there is more than that. */
const MOST_NEWS = 2 * persistentNames.length * collectionLimits.collections

/** The members of a collection that a process has not heard of; `all`: it has to forget whatever it knows. */
type News = Set<string> | 'all'

const nothing: ReadonlySet<string> = new Set()

/** A process that runs rules, as the holder sees it. */
export interface Seat {
  receive(message: ChangesMessage): void
  /** The last update has arrived. */
  acknowledged(): void
  leave(): void
}

interface Seated {
  readonly news: Map<string, News>
  readonly send: (update: UpdateMessage) => void
  confirms: boolean
  isBusy: boolean
}

/**
 * Joins the changes of several processes and tells all of them what came of it. Each process is told members, not changes:
 * a counter that has grown a thousand times is one number. A process that does not answer is told nothing further until it
 * does; what it will have to be told is bounded by what is held.
 */
export class CollectionRelay {
  readonly #keeper: CollectionKeeper
  readonly #seats = new Set<Seated>()
  #timer: NodeJS.Timeout | undefined

  constructor(keeper: CollectionKeeper) {
    this.#keeper = keeper
  }

  /** What a process has to know before it is told news. */
  snapshot(): CollectionState[] {
    const { memory } = this.#keeper
    return persistentNames.flatMap((name) => [...memory.ids(name)].flatMap((id) => memory.state(id) ?? []))
  }

  /** From now on `send` is given news; what was before is in the snapshot. */
  join(send: (update: UpdateMessage) => void): Seat {
    const seated: Seated = { news: new Map(), send, confirms: false, isBusy: false }
    this.#seats.add(seated)
    return {
      receive: (message) => this.#receive(seated, message),
      acknowledged: () => {
        seated.isBusy = false
        this.#plan()
      },
      leave: () => this.#seats.delete(seated),
    }
  }

  #receive(from: Seated, { changes }: ChangesMessage): void {
    for (const change of changes) {
      const isNewToAll = change.isNew && this.#keeper.memory.find(change.id, change.lastAtMs) === undefined
      this.#keeper.apply(change)
      const names = change.members.map(({ name }) => name.toLowerCase())
      for (const seated of this.#seats) {
        if (isNewToAll && seated === from) continue // it has made all that there is: in a flood, half of the news
        const isAll = change.drops || (change.isNew && seated === from)
        addNews(seated.news, change.id, isAll ? 'all' : names)
        if (seated.news.size > MOST_NEWS) this.#forget(seated.news)
      }
    }
    from.confirms = true
    this.#plan()
  }

  /** A process that hangs must not fill the memory of the one that waits for it. */
  #forget(all: Map<string, News>): void {
    for (const id of all.keys()) if (this.#keeper.memory.state(id, nothing) === undefined) all.delete(id)
  }

  #plan(): void {
    const hasNews = [...this.#seats].some((seated) => !seated.isBusy && (seated.confirms || seated.news.size > 0))
    if (!hasNews || this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.#tell(), RELAY_MS)
    this.#timer.unref()
  }

  #tell(): void {
    this.#timer = undefined
    for (const seated of this.#seats) {
      if (seated.isBusy || (!seated.confirms && seated.news.size === 0)) continue
      const update = { confirms: seated.confirms, ...this.#takeNews(seated.news) }
      seated.isBusy = true
      seated.confirms = false
      seated.send(update)
    }
  }

  #takeNews(all: Map<string, News>): { states: CollectionState[]; gone: string[] } {
    const states: CollectionState[] = []
    const gone: string[] = []
    let bytes = 0
    for (const [id, news] of all) {
      if (states.length + gone.length >= batchLimits.collections || bytes > batchLimits.bytes) break
      all.delete(id)
      const state = this.#keeper.memory.state(id, news === 'all' ? undefined : news)
      if (state !== undefined) states.push(state)
      else if (news === 'all') gone.push(id)
      bytes += state === undefined ? 0 : bytesOf(state)
    }
    return { states, gone }
  }
}

function addNews(all: Map<string, News>, id: string, names: readonly string[] | 'all'): void {
  const known = all.get(id)
  if (known === 'all') return
  if (names === 'all') all.set(id, 'all')
  else if (known === undefined) all.set(id, new Set(names))
  else for (const name of names) known.add(name)
}

function bytesOf({ members }: CollectionState): number {
  return members.reduce((sum, { name, value = '' }) => sum + 60 + name.length + value.length, 200)
}
