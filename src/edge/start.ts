import { setTimeout as delay } from 'node:timers/promises'
import { ActiveChallenges } from '../challenge/active-challenges.ts'
import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import type { EdgeConfig, ListenAddress } from '../config/config.ts'
import { field, type Logger } from '../log.ts'
import type { RuleSet } from '../waf/transaction-types.ts'
import { type AccessRecord, createAccessLog } from './access-log.ts'
import { CertificateTable } from './certificate-table.ts'
import { createClientAddressReader } from './client-address.ts'
import type { Demand } from './demand.ts'
import type { Generation } from './generation.ts'
import { type Listener, openHttpListener, openHttpsListener } from './listener.ts'
import { Occupancy } from './occupancy.ts'
import { createRequestIds } from './request-id.ts'
import { openRuleLog } from './rule-log.ts'
import { openSites, type Sites } from './sites.ts'

/** After the drain nobody uses anything any more; an exchange that does not end (a defect) cannot keep the process. */
const CLOSE_MS = 1_000

/** What an edge is built with; `cli/` constructs it. */
export interface EdgeServices {
  readonly log: Logger
  /** Compiles the rules of a config; throws for a rule file that is not right. */
  readonly loadRules: (config: EdgeConfig) => Promise<RuleSet>
  /** Sees every access record, whether or not there is an access log. */
  readonly observe: (record: AccessRecord) => void
  readonly accessLog: Logger | undefined
  /** Share ports with other processes (workers). Default false. */
  readonly reusePort?: boolean
  /** TLS ticket keys that all workers share; each process makes its own otherwise. */
  readonly ticketKeys?: Buffer
  /** What is active already: asked last before the listeners open, so that none of it is missed by an early validator. */
  readonly activeChallenges?: () => Promise<readonly ActiveChallenge[]>
  /** Replaces the config's sites: what becomes of a request that passed. */
  readonly sites?: Sites
  /** Gets certificates that are not there while handshakes wait. Default: nobody does. */
  readonly demand?: Demand
}

export interface RunningEdge {
  readonly publisher: ChallengePublisher
  readonly addresses: { readonly http: readonly ListenAddress[]; readonly https: readonly ListenAddress[] }
  readonly certificates: CertificateTable
  /** Open client connections. */
  connections(): number
  /** Swaps rules, sites, logs and limits; throws, and serves on as before, when the new config cannot be used. */
  reload(config: EdgeConfig): Promise<void>
  /** Closes idle connections at once, waits for busy ones up to limits.drain_timeout, then cuts. */
  close(): Promise<void>
}

/** Opens the listeners once rules, store and certificates are loaded. */
export async function startEdge(config: EdgeConfig, services: EdgeServices): Promise<RunningEdge> {
  const challenges = new ActiveChallenges()
  const certificates = new CertificateTable(config.store.folder, services.log, { demand: services.demand })
  const nextId = createRequestIds()
  const build = async (next: EdgeConfig) => buildGeneration(next, { services, challenges, nextId })
  let current = await build(config)
  const retired = new Set<Promise<void>>()
  const retireCurrent = () => {
    const done = retire(current).finally(() => retired.delete(done))
    retired.add(done)
  }
  await certificates.loadAll()
  for (const challenge of (await services.activeChallenges?.()) ?? []) challenges.publish(challenge)
  const listeners = await openListeners(config, { services, certificates, edge: () => current })
  return {
    publisher: localPublisher(challenges, certificates),
    addresses: {
      http: listeners.slice(0, config.listen.http.length).map(({ address }) => address),
      https: listeners.slice(config.listen.http.length).map(({ address }) => address),
    },
    certificates,
    connections: () => listeners.reduce((sum, { connections }) => sum + connections(), 0),
    async reload(next) {
      const generation = await build(next)
      await certificates.loadAll()
      retireCurrent()
      current = generation
    },
    async close() {
      await Promise.all(listeners.map((listener) => listener.drain(current.limits.drainTimeoutMs)))
      retireCurrent()
      await Promise.race([Promise.all(retired), delay(CLOSE_MS, undefined, { ref: false })])
    },
  }
}

interface GenerationParts {
  readonly services: EdgeServices
  readonly challenges: ActiveChallenges
  readonly nextId: () => string
}

async function buildGeneration(
  config: EdgeConfig,
  { services, challenges, nextId }: GenerationParts,
): Promise<Generation> {
  const rules = await services.loadRules(config)
  return {
    rules,
    challenges,
    sites: services.sites ?? openSites(config.sites, config.limits),
    ruleLog: openRuleLog(config.waf, (path, error) =>
      services.log.error({ [field.path]: path, [field.error]: error.message }, 'a WAF log cannot be written'),
    ),
    accessLog: createAccessLog(services.accessLog, services.observe),
    limits: config.limits,
    reader: { nextId, now: Date.now, clientAddress: createClientAddressReader(config.trustedProxies) },
    occupancy: new Occupancy(),
  }
}

/** Pools and log files stay open as long as an exchange may still use them: a reload is no reason to fail it. */
async function retire(old: Generation): Promise<void> {
  await old.occupancy.whenEmpty()
  await old.sites.close()
  old.ruleLog.close()
}

interface ListenerParts {
  readonly services: EdgeServices
  readonly certificates: CertificateTable
  readonly edge: () => Generation
}

async function openListeners(
  { listen }: EdgeConfig,
  { services, certificates, edge }: ListenerParts,
): Promise<Listener[]> {
  const shared = { edge, reusePort: services.reusePort ?? false }
  const opened: Listener[] = []
  try {
    for (const address of listen.http) opened.push(await openHttpListener(address, shared))
    for (const address of listen.https) {
      const handshakeWaitMs = services.demand?.waitMs ?? 0
      const { ticketKeys } = services
      opened.push(await openHttpsListener(address, { ...shared, certificates, ticketKeys, handshakeWaitMs }))
    }
  } catch (error) {
    await Promise.all(opened.map((listener) => listener.drain(0)))
    throw error
  }
  return opened
}

function localPublisher(challenges: ActiveChallenges, certificates: CertificateTable): ChallengePublisher {
  return {
    async publish(challenge) {
      challenges.publish(challenge)
    },
    async withdraw(challenge) {
      challenges.withdraw(challenge)
    },
    async installed(name) {
      await certificates.reload(name)
    },
  }
}
