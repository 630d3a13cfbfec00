import type { MemberOperation } from './member.ts'

/** One change that a rule makes to a persistent collection. */
export interface CollectionWrite {
  readonly id: string
  readonly atMs: number
  /** SecCollectionTimeout of the rules that made it. */
  readonly timeoutSeconds: number
  /** The transaction's first change of this collection: UPDATE_COUNTER counts transactions. */
  readonly isFirst: boolean
  readonly what:
    | { readonly kind: 'member'; readonly name: string; readonly operation: MemberOperation }
    /** `setvar:ip.timeout`; `undefined`: SecCollectionTimeout counts again. */
    | { readonly kind: 'timeout'; readonly seconds: number | undefined }
    /** `setvar:!ip.key`: the whole collection goes. */
    | { readonly kind: 'drop' }
}

/**
 * Is told every change that rules make, at once and in order, and may tell others later. Changes of several processes can
 * be joined in any order that each of them keeps: a shared memory elsewhere can stand behind this as well.
 */
export interface CollectionJournal {
  note(write: CollectionWrite, met: MetByWrite): void
}

/** What a change has found. */
export interface MetByWrite {
  /** This process had no such collection; others may have one. */
  readonly noCollection: boolean
  /** The member's value had expired: the change begins anew. */
  readonly expiredMember: boolean
}

/** Several changes of one collection, joined. Plain data: it goes from process to process. */
export interface CollectionChange {
  readonly id: string
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly timeoutSeconds: number
  /** How many transactions have made them. */
  readonly updates: number
  /** The process that made them had no such collection before: it has to hear all that others know of it. */
  readonly isNew: boolean
  /** What was there before is forgotten first. */
  readonly drops: boolean
  /** `null`: SecCollectionTimeout counts again; absent: as before. */
  readonly ownTimeoutSeconds?: number | null
  readonly members: readonly MemberChange[]
}

export interface MemberChange {
  readonly name: string
  readonly operations: readonly MemberOperation[]
}

/** A collection as it is, or those members of it that have changed. Plain data. */
export interface CollectionState {
  readonly id: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly updates: number
  readonly ownTimeoutSeconds?: number
  readonly expiresAtMs: number
  /** Members that are not listed do not exist. */
  readonly isComplete: boolean
  readonly members: readonly MemberState[]
}

/** `value` and `expiresAtMs` are absent where there is none; with neither, the member is gone. */
export interface MemberState {
  readonly name: string
  readonly value?: string
  readonly expiresAtMs?: number
  readonly sinceMs: number
}
