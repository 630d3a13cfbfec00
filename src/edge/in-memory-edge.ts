import { type Duplex, duplexPair } from 'node:stream'
import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import { ActiveChallenges } from '../challenge/active-challenges.ts'
import type { LimitsConfig } from '../config/config.ts'
import type { RuleSet } from '../waf/transaction-types.ts'
import { createAccessLog } from './access-log.ts'
import { createClientAddressReader } from './client-address.ts'
import type { Generation } from './generation.ts'
import { openInMemoryListener } from './listener.ts'
import { Occupancy } from './occupancy.ts'
import { createRequestIds } from './request-id.ts'
import type { RuleLog } from './rule-log.ts'
import type { Sites } from './sites.ts'
import type { SocketEndpoints } from './socket-endpoints.ts'

export interface InMemoryEdgeOptions {
  readonly rules: RuleSet
  readonly limits: LimitsConfig
  readonly sites: Sites
  readonly ruleLog: RuleLog
}

export interface InMemoryEdge {
  /** The client's side of a new connection. */
  connect(endpoints: SocketEndpoints): Duplex
  /** Resolves when nothing is going on any more, or after `timeoutMs` when a request is not complete. */
  whenIdle(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/** Events of a connection in memory come within a few turns of the event loop. */
const SETTLING_TURNS = 4

/**
 * The edge without a port: the same guard, HTTP parser and pipeline as behind a listener, on connections that are in
 * memory. For tests of rules, which then see what a client on the network would.
 */
export async function openInMemoryEdge({ rules, limits, sites, ruleLog }: InMemoryEdgeOptions): Promise<InMemoryEdge> {
  const generation: Generation = {
    rules,
    limits,
    sites,
    ruleLog,
    challenges: new ActiveChallenges(),
    accessLog: createAccessLog(undefined, () => undefined),
    reader: { nextId: createRequestIds(), now: Date.now, clientAddress: createClientAddressReader([]) },
    occupancy: new Occupancy(),
  }
  const listener = await openInMemoryListener(() => generation)
  return {
    connect(endpoints) {
      const [client, server] = duplexPair()
      listener.accept(withEndpoints(server, endpoints))
      return client
    },
    async whenIdle(timeoutMs) {
      for (let turn = 0; turn < SETTLING_TURNS; turn++) await setImmediate()
      const timeout = new AbortController()
      const late = delay(timeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined)
      await Promise.race([generation.occupancy.whenEmpty(), late])
      timeout.abort()
    },
    async close() {
      await listener.close()
      await sites.close()
      ruleLog.close()
    },
  }
}

/** What the edge asks of a socket beyond a stream. */
function withEndpoints(side: Duplex, { peer, server }: SocketEndpoints): Duplex {
  return Object.assign(side, {
    remoteAddress: peer.address,
    remotePort: peer.port,
    localAddress: server.address,
    localPort: server.port,
    bytesWritten: 0,
    setTimeout: () => side, // whoever connects in memory waits by a clock of its own
    destroySoon: () => void side.end(() => side.destroy()),
  })
}
