import type { RedisConnection } from '../store/redis-connection.ts'
import type { RedisReply } from '../store/redis-script.ts'
import { type Announcement, fieldOf, formatAnnouncement, type Publication, parseAnnouncement } from './announcement.ts'
import { acknowledge, announce, beat, laggards, leave, register, snapshot } from './replica-scripts.ts'

/** A replica that has died, or is cut off, keeps the others waiting for so long. */
export const LEASE_MS = 4_000

/** What Redis keeps of replicas, as one of them reads and writes it. Every call throws as RedisConnection.run does. */
export interface ReplicaRecords {
  /** Answers the announcement's number. */
  announce(announcement: Announcement): Promise<number>
  /** Says that this replica has done all announcements up to a number. */
  acknowledge(applied: number): Promise<void>
  /** The number of the last announcement, and all that is active then. */
  snapshot(): Promise<{ readonly sequence: number; readonly publications: readonly Publication[] }>
  /** Makes this replica a live one; `false`, and nothing is done, when something was announced since `applied`. */
  register(applied: number, mayBeBehind: boolean): Promise<boolean>
  /** Renews the lease. The number of the last announcement, or -1: the lease has ended. */
  beat(): Promise<number>
  leave(): Promise<void>
  /** Whether all live replicas have come as far. */
  isDoneByAll(sequence: number): Promise<boolean>
}

/** @param key how a kind of key, or a channel, is called in this store */
export function replicaRecords(
  connection: RedisConnection,
  { id, key }: { readonly id: string; readonly key: (kind: string) => string },
): ReplicaRecords {
  const keys = (...kinds: string[]) => kinds.map((kind) => key(kind))
  return {
    async announce(announcement) {
      const values = [key('announcements'), formatAnnouncement(announcement), ...fateOf(announcement)]
      return Number(await connection.run(announce, { keys: keys('sequence', 'challenges'), values }))
    },
    async acknowledge(applied) {
      const values = [id, applied, key('acknowledgements')]
      await connection.run(acknowledge, { keys: keys('replicas', 'applied'), values })
    },
    async snapshot() {
      const reply = await connection.run(snapshot, { keys: keys('sequence', 'challenges') })
      const [sequence, ...stored] = reply as readonly RedisReply[] // as the script says
      const found = stored.map((text) => parseAnnouncement(String(text)))
      return { sequence: Number(sequence), publications: found.filter((one) => one?.call === 'publish') }
    },
    async register(applied, mayBeBehind) {
      const values = [id, LEASE_MS, applied, mayBeBehind ? 1 : 0]
      return (await connection.run(register, { keys: keys('replicas', 'applied', 'sequence'), values })) === 1
    },
    async beat() {
      return Number(
        await connection.run(beat, { keys: keys('replicas', 'applied', 'sequence'), values: [id, LEASE_MS] }),
      )
    },
    async leave() {
      await connection.run(leave, { keys: keys('replicas', 'applied'), values: [id] })
    },
    async isDoneByAll(sequence) {
      return (await connection.run(laggards, { keys: keys('replicas', 'applied'), values: [sequence] })) === 0
    },
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
