import type { Progress } from '../acme/progress.ts'
import type { AccessRecord } from '../edge/access-log.ts'

const maxTargetLength = 100

/** One line of progress: who does it, and what. */
export function step(who: string, what: string): string {
  return `  ${who.padEnd(12)}${what}`
}

/** A step of the issuance as a person reads it. */
export function describeProgress(progress: Progress): string {
  switch (progress.kind) {
    case 'account':
      return step('ACME', `account ${progress.state}`)
    case 'order':
      return step('ACME', `order ${progress.state}`)
    case 'authorization':
      return step('ACME', describeAuthorization(progress))
    case 'finalized':
      return step('ACME', 'the CA signed the certificate')
    case 'chain':
      return step('ACME', `no chain ends with ${progress.missing}`)
    case 'downloaded':
      return step('ACME', 'chain downloaded')
    case 'installed':
      return step('edge', `serves ${progress.name} until ${new Date(progress.notAfterMs).toISOString().slice(0, 10)}`)
    default:
      return progress satisfies never
  }
}

/** A request that the edge handled. What a client sent is cut and cleaned: it must not steer the terminal. */
export function describeRequest({ request, status, notes }: AccessRecord): string {
  const line = `${request.method} ${request.host}${request.target}`.replace(/[^\x20-\x7e]/g, '?')
  const shown = line.length > maxTargetLength ? `${line.slice(0, maxTargetLength)}...` : line
  const rules = notes.ruleIds.length > 0 ? ` (rules ${notes.ruleIds.join(', ')})` : ''
  return step('request', `${shown}: ${status}, ${notes.verdict}${rules}`)
}

function describeAuthorization({ host, state }: Extract<Progress, { kind: 'authorization' }>): string {
  switch (state) {
    case 'published':
      return `token for ${host} published on the edge`
    case 'asked':
      return `the CA was told to fetch it from http://${host}`
    case 'valid':
      return `the CA found it: ${host} is proven`
    default:
      return state satisfies never
  }
}
