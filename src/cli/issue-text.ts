import type { Progress } from '../acme/progress.ts'

/** Who answers the CA: the edge that runs with this store, or this process for as long as it lasts. */
export type Via = 'running edge' | 'own listener'

/** The first thing a person is told. */
export function describeVia(via: Via): string {
  return via === 'running edge'
    ? 'the running edge answers the challenges'
    : 'no edge runs with this store: acme-edge answers the challenges itself'
}

/** What a step of the issuance says to a person. */
export function describeProgress(progress: Progress): string {
  switch (progress.kind) {
    case 'account':
      return `account ${progress.state}: ${progress.url}`
    case 'order':
      return `order ${progress.state}: ${progress.url}`
    case 'authorization':
      return `${progress.host}: ${authorizationStates[progress.state]}`
    case 'finalized':
      return 'order finalized'
    case 'chain':
      return `the CA offers no chain that ends with ${progress.missing}: its default is taken`
    case 'downloaded':
      return 'certificate downloaded'
    case 'installed':
      return `certificate installed as ${progress.name}, valid until ${dateOf(progress.notAfterMs)}`
    default:
      return progress satisfies never
  }
}

const authorizationStates = {
  published: 'challenge published',
  asked: 'the CA was asked to look',
  valid: 'proven',
} as const

/** A time as every command prints it: ISO 8601, UTC. */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString()
}
