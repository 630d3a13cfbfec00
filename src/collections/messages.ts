import type { CollectionChange, CollectionState } from '../waf/persistent/collection-change.ts'

/** From a process that runs rules to the one that holds the collections. Answered by an update that confirms it. */
export interface ChangesMessage {
  readonly changes: readonly CollectionChange[]
}

/** The other way round: how collections are now. Answered by an acknowledgement. */
export interface UpdateMessage {
  /** The last changes of the receiver are in these states or in earlier ones. */
  readonly confirms: boolean
  readonly states: readonly CollectionState[]
  /** Collections that are no more. */
  readonly gone: readonly string[]
}
