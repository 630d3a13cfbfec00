import { EdgeError } from '../errors.ts'

/** Lua with KEYS lists, ZRANGE BYLEX and effects that replicate as they are: what the scripts need, and what is tested. */
const OLDEST_MAJOR = 7

/** What stands behind an address, as far as it matters. */
export interface RedisServer {
  /** The server drops keys when its memory is full (`maxmemory-policy`). */
  readonly mayForget: boolean
}

/**
 * Asks who is there, before anything else. Throws ACME_EDGE_STORE_UNSUPPORTED with what to do when it can never be the store,
 * and an Error when it is a replica: it may be the primary later.
 *
 * @param info the answer of INFO for a section
 * @param place what messages call the server
 */
export async function askRedisServer(info: (section: string) => Promise<string>, place: string): Promise<RedisServer> {
  const [server = '', replication = '', memory = ''] = await Promise.all(
    ['server', 'replication', 'memory'].map((section) => info(section)),
  )
  const version = /^redis_version:(\d+)\.\S*/m.exec(server)
  if (Number(version?.[1] ?? 0) < OLDEST_MAJOR) {
    throw unsupported(
      place,
      `${version?.[0] ?? 'of an unknown version'}: acme-edge needs Redis ${OLDEST_MAJOR} or newer`,
    )
  }
  const advice = adviceAbout[/^redis_mode:(\w+)/m.exec(server)?.[1] ?? '']
  if (advice !== undefined) throw unsupported(place, advice)
  if (/^role:slave/m.test(replication)) throw new Error('it is a replica; store has to name the primary')
  return { mayForget: /^maxmemory:[1-9]/m.test(memory) && !/^maxmemory_policy:noeviction/m.test(memory) }
}

/** By `redis_mode`. A script that reads and writes several keys runs on one server alone (CROSSSLOT, MOVED). */
const adviceAbout: Readonly<Record<string, string>> = {
  cluster:
    'a node of a Redis Cluster, which acme-edge cannot use: its keys have to lie on one server. Let store name a Redis without `cluster-enabled`; a small one is enough',
  sentinel:
    'a Redis Sentinel, which holds no data: let store name the primary that it watches (`SENTINEL GET-MASTER-ADDR-BY-NAME <name>` tells where it is), best by a name or proxy that leads to the new one after a failover',
}

function unsupported(place: string, reason: string): EdgeError {
  return new EdgeError('ACME_EDGE_STORE_UNSUPPORTED', `the store at ${place} is ${reason}`)
}
