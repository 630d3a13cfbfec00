import type { Listening } from './diagnosis-types.ts'
import { type FetchOutcome, maxAnswerBytes } from './fetch-probe.ts'
import type { FindingCode } from './finding.ts'
import { type ChainOutcome, describeOutcome } from './follow-chain.ts'
import type { Fault } from './redirect-rules.ts'

export interface Expected {
  readonly address: string
  /** Whether the address is one of this machine's own interfaces. */
  readonly own: boolean
  /** Whether this machine reaches it through a router that translates addresses, if at all. */
  readonly behindNat: boolean
  readonly keyAuthorization: string
  readonly listening: Listening
}

type Answered = Extract<FetchOutcome, { kind: 'answered' }>

/** Why a CA that asks at this address would not be content; `undefined`: it would be. */
export function judgeChain(outcome: ChainOutcome, expected: Expected): Fault | undefined {
  const fault = faultOf(outcome, expected)
  if (fault === undefined || !expected.behindNat || !mayBeTheRouter.has(fault.code)) return fault
  return { ...fault, fix: `${fault.fix}; ${hairpinHint}` }
}

/** What a router does that keeps to itself what its own network sends to its public address. */
const mayBeTheRouter: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'PORT_REFUSED',
  'PORT_UNREACHABLE',
  'PORT_TIMEOUT',
  'PORT_CLOSES',
  'PORT_NOT_HTTP',
  'PORT_SPEAKS_TLS',
  'ANSWER_TIMEOUT',
  'ANSWER_FORBIDDEN',
  'ANSWER_SERVER_ERROR',
  'ANSWER_OTHER_MACHINE',
  'REDIRECT_ADDRESS',
])

const hairpinHint =
  'this machine has private addresses alone: if its router does not lead it back to its public one (hairpin NAT), this says nothing of what a CA sees, so order without --diagnose, or run it from outside'

function faultOf(outcome: ChainOutcome, expected: Expected): Fault | undefined {
  if (outcome.kind === 'misled') return outcome.fault
  if (outcome.kind === 'unanswered') return judgeSilence(outcome.outcome, expected)
  return judgeAnswer(outcome.answer, outcome.visited.at(-1) ?? outcome.visited[0], expected)
}

function judgeSilence(outcome: Exclude<FetchOutcome, Answered>, { address, listening }: Expected): Fault {
  const text = `port 80 of ${address} ${describeOutcome(outcome)}`
  const reach = portHint(listening)
  switch (outcome.kind) {
    case 'refused':
      return { code: 'PORT_REFUSED', text, fix: reach }
    case 'unreachable':
      return { code: 'PORT_UNREACHABLE', text, fix: `correct the record, or the routes of this network; ${reach}` }
    case 'no-connection':
      return { code: 'PORT_TIMEOUT', text, fix: `open port 80 in the firewalls on the way; ${reach}` }
    case 'silent':
      return { code: 'ANSWER_TIMEOUT', text, fix: `look at what listens there; ${reach}` }
    case 'closed':
      return { code: 'PORT_CLOSES', text, fix: `look at what listens there: a firewall, or a proxy without its server` }
    case 'not-http':
      return { code: 'PORT_NOT_HTTP', text, fix: 'let port 80 speak HTTP: another service has taken it' }
    case 'tls':
    case 'tls-failed':
      return { code: 'PORT_SPEAKS_TLS', text, fix: 'let port 80 speak plain HTTP, and TLS on port 443' }
    default:
      return outcome satisfies never
  }
}

const barred = new Set([401, 403, 405, 406, 407, 429, 451])

function judgeAnswer(answer: Answered, url: URL, expected: Expected): Fault | undefined {
  const { status, body } = answer
  const isOurs = body.includes(expected.keyAuthorization)
  if (isOurs) return judgeOurs(answer, url, expected)
  const who = answer.server === undefined ? '' : ` (it calls itself ${JSON.stringify(answer.server.slice(0, 60))})`
  const text = `${url.href} at ${expected.address} answers ${status}${who}`
  if (barred.has(status)) return { code: 'ANSWER_FORBIDDEN', text, fix: barredFix }
  if (status >= 500) return { code: 'ANSWER_SERVER_ERROR', text, fix: `mend that server, or ${takeOver(expected)}` }
  return otherFault(`${text}, not the token that acme-edge has just published`, url, expected)
}

function judgeOurs({ status, body }: Answered, url: URL, { keyAuthorization, address }: Expected): Fault | undefined {
  const where = `${url.href} at ${address}`
  const fix = 'let what stands before acme-edge pass its answers on unchanged'
  if (status !== 200) return { code: 'ANSWER_CHANGED', text: `${where} gives the token with status ${status}`, fix }
  if (body.length >= maxAnswerBytes)
    return { code: 'ANSWER_TOO_LONG', text: `${where} gives the token and more, ${maxAnswerBytes} bytes or over`, fix }
  // RFC 8555 §8.3: whitespace at the end is ignored.
  if (body.trimEnd() === keyAuthorization) return undefined
  return { code: 'ANSWER_CHANGED', text: `${where} gives the token with other text around it`, fix }
}

const barredFix =
  'exempt /.well-known/acme-challenge/ from the login, firewall or limit that stands before acme-edge; validators come from anywhere'

function otherFault(text: string, url: URL, expected: Expected): Fault {
  const isRedirected = !url.href.includes('/.well-known/acme-challenge/') || url.protocol === 'https:'
  if (isRedirected) return { code: 'ANSWER_OTHER_MACHINE', text, fix: `do not redirect the challenge, or ${passOn}` }
  if (expected.own) return { code: 'ANSWER_OTHER_SERVER', text, fix: takeOver(expected) }
  const fix = `point the record of ${expected.address} at this machine, or ${passOn}`
  return { code: 'ANSWER_OTHER_MACHINE', text, fix }
}

const passOn = 'let that server pass /.well-known/acme-challenge/ on to acme-edge'

function takeOver({ listening }: Expected): string {
  return `${portHint(listening)}, or ${passOn}`
}

function portHint({ http }: Listening): string {
  if (http.some(({ port }) => port === 80)) return 'let connections to port 80 reach acme-edge, which listens there'
  const places = http.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
  return `let acme-edge listen on port 80 (listen.http), or forward port 80 to it (${places.join(', ') || 'nowhere now'})`
}
