import type { AcmeProblem, ProblemContext } from './problem.ts'

const advice: Readonly<Record<string, (host: string) => string>> = {
  accountDoesNotExist: () => 'the CA forgot the account; run the command again to register it anew',
  alreadyRevoked: () => 'nothing is left to do',
  badContact: () => 'correct acme.contact',
  invalidContact: () => 'correct acme.contact',
  unsupportedContact: () => 'acme.contact must hold mailto: addresses that the CA takes',
  caa: (host) => `the CAA records of ${host} forbid this CA: change the records or acme.directory`,
  connection: (host) => `open port 80 of ${host} to the internet and point its A and AAAA records at this machine`,
  dns: (host) => `the CA cannot resolve ${host}: check its A, AAAA and CAA records and its name servers`,
  externalAccountRequired: () => 'set acme.eab: kid and hmac_key_file, which the CA gives to its customers',
  incorrectResponse: (host) => `another server answers for ${host}: check its A and AAAA records and redirects`,
  unauthorized: (host) => `another server answers for ${host}: check its A and AAAA records and redirects`,
  rejectedIdentifier: () => 'the CA does not issue for this name: check its spelling and the policy of the CA',
  unsupportedIdentifier: () => 'the CA does not issue for this kind of name',
  serverInternal: () => 'a fault of the CA: try again later',
  tls: (host) => `a redirect of ${host} leads to a TLS server that the CA cannot talk to`,
  userActionRequired: () => 'the CA wants you to agree to new terms: follow the address in its message',
}

/** What `issue --diagnose` looks into. */
const diagnosable = new Set(['caa', 'connection', 'dns', 'incorrectResponse', 'unauthorized', 'tls'])

const lookCloser = (host: string): string => `acme-edge issue ${host} --diagnose looks closer`

/** What a person can do about a problem of the CA; empty where there is nothing to say. */
export function problemAdvice(problem: AcmeProblem, context: ProblemContext): string {
  if (problem.type === 'rateLimited' || problem.status === 429) return rateLimitAdvice(context)
  if (problem.type === 'unauthorized' && context.host === undefined) {
    if (!/deactivated/i.test(problem.detail)) return ''
    return 'the account was deactivated: `acme-edge account deactivate` puts its key aside, and the next order registers another'
  }
  const host = context.host ?? problem.subproblems[0]?.identifier ?? 'the host'
  if (problem.status >= 500) return 'a fault of the CA: try again later'
  const what = advice[problem.type]?.(host) ?? ''
  const { host: validated } = context
  return validated !== undefined && diagnosable.has(problem.type) ? `${what} (${lookCloser(validated)})` : what
}

function rateLimitAdvice(context: ProblemContext): string {
  if (context.retryAtMs === undefined) return 'wait before you try again: every attempt counts'
  return `try again after ${new Date(context.retryAtMs).toISOString()}: earlier attempts only count against you`
}
