import type { ChallengePublisher } from '../challenge/publisher.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import type { Announcement } from './announcement.ts'
import type { ReplicaRecords } from './replica-records.ts'
import type { ServedHere } from './served-here.ts'
import type { Wakeable } from './wakeable.ts'

/** Between two looks at who has acknowledged, where no message of it comes through. */
const LOOK_MS = 150

export interface AnnouncingParts {
  readonly local: ChallengePublisher
  readonly served: ServedHere
  /** Those of the connection of now; `undefined` during an outage. */
  readonly records: () => ReplicaRecords | undefined
  readonly acknowledged: Wakeable
}

/**
 * Does it here, and tells the others: each call resolves when all live replicas have done it, too. Throws what `local` throws,
 * and ACME_EDGE_STORE_UNWRITABLE when the others cannot be told.
 */
export function announcingPublisher(parts: AnnouncingParts): ChallengePublisher {
  const { local, served } = parts
  return {
    async publish(challenge, signal) {
      await local.publish(challenge, signal)
      await announceAndWait(parts, { call: 'publish', ...served.known.publish(challenge) }, signal)
    },
    async withdraw({ host, token }, signal) {
      const { by, isServed } = served.known.withdraw({ host, token })
      if (isServed) await local.withdraw({ host, token }, signal)
      await announceAndWait(parts, { call: 'withdraw', host, token, by }, signal)
    },
    async installed(name, signal) {
      await served.certificates.install(local, name, signal)
      await announceAndWait(parts, { call: 'installed', name }, signal)
    },
  }
}

async function announceAndWait(parts: AnnouncingParts, announcement: Announcement, signal: AbortSignal): Promise<void> {
  const records = parts.records()
  if (records === undefined) throw lost('the store is lost')
  try {
    const sequence = await records.announce(announcement)
    if (announcement.call === 'withdraw') parts.served.known.said(announcement)
    for (;;) {
      const { count } = parts.acknowledged
      if (await records.isDoneByAll(sequence)) return
      await parts.acknowledged.after(count, LOOK_MS, signal)
    }
  } catch (error) {
    throw signal.aborted || error instanceof EdgeError ? error : lost(toEdgeError(error).message)
  }
}

function lost(reason: string): EdgeError {
  return new EdgeError('ACME_EDGE_STORE_UNWRITABLE', `the other replicas cannot be told (${reason})`)
}
