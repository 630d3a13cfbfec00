/** `error`: the CA will refuse. `warning`: it may, or something else goes wrong later. `note`: good to know. */
export type Severity = (typeof severities)[number]

const severities = ['error', 'warning', 'note'] as const

interface FindingKind {
  readonly severity: Severity
  readonly meaning: string
}

/** Everything that the diagnosis can find, worst first; `docs/diagnose.md` is tested against this table. */
export const findingKinds = {
  CA_ROOT_UNREADABLE: { severity: 'error', meaning: '`acme.root_ca` cannot be read or holds no certificate' },
  CA_UNTRUSTED: { severity: 'error', meaning: "the directory's TLS certificate is not trusted here" },
  CA_UNREACHABLE: { severity: 'error', meaning: 'the directory does not answer' },
  CA_NOT_ACME: { severity: 'error', meaning: '`acme.directory` answers with something that is not an ACME directory' },
  NAME_WILDCARD: { severity: 'error', meaning: 'a wildcard, which HTTP-01 cannot prove (RFC 8555 §8.3)' },
  NAME_INVALID: { severity: 'error', meaning: 'not a name that a certificate can be ordered for' },
  NAME_UNKNOWN: { severity: 'error', meaning: 'the DNS has no such name (NXDOMAIN)' },
  DNS_FAILED: { severity: 'error', meaning: 'the look-up of its addresses fails: SERVFAIL, REFUSED, no answer' },
  NO_ADDRESS: { severity: 'error', meaning: 'the name has neither an A nor an AAAA record' },
  ADDRESS_NOT_PUBLIC: { severity: 'error', meaning: 'all its addresses are private, loopback or reserved' },
  PUBLISH_FAILED: { severity: 'error', meaning: 'the edge did not take the probe, so it would not take a challenge' },
  PORT_REFUSED: { severity: 'error', meaning: 'nothing listens on port 80 of an address' },
  PORT_TIMEOUT: { severity: 'error', meaning: 'connections to port 80 are not answered: a firewall drops them' },
  PORT_UNREACHABLE: { severity: 'error', meaning: 'no way leads to an address' },
  PORT_SPEAKS_TLS: { severity: 'error', meaning: 'port 80 speaks TLS instead of plain HTTP' },
  PORT_NOT_HTTP: { severity: 'error', meaning: 'port 80 speaks something that is not HTTP' },
  PORT_CLOSES: { severity: 'error', meaning: 'port 80 takes the connection and closes it without an answer' },
  ANSWER_TIMEOUT: { severity: 'error', meaning: 'port 80 takes the request and does not answer in time' },
  IPV6_OTHER: {
    severity: 'error',
    meaning:
      'the AAAA record leads to a server that does not answer as the A record does; CAs take the AAAA record first',
  },
  ANSWER_FORBIDDEN: { severity: 'error', meaning: 'a firewall, a login or a rate limit stands before the challenge' },
  ANSWER_OTHER_MACHINE: { severity: 'error', meaning: 'another machine answers at an address of the name' },
  ANSWER_OTHER_SERVER: { severity: 'error', meaning: 'another server of this machine answers on port 80' },
  ANSWER_SERVER_ERROR: { severity: 'error', meaning: 'what answers fails (5xx)' },
  ANSWER_TOO_LONG: {
    severity: 'error',
    meaning: "the answer has 128 bytes or more, which Let's Encrypt does not read",
  },
  ANSWER_CHANGED: { severity: 'error', meaning: 'the answer is the key authorization with something added or changed' },
  ANSWER_VARIES: {
    severity: 'error',
    meaning: 'one address gives now the right answer and now another: several machines share it',
  },
  REDIRECT_STATUS: { severity: 'error', meaning: 'a redirect that CAs do not follow: not 301, 302, 307 or 308' },
  REDIRECT_NO_TARGET: { severity: 'error', meaning: 'a redirect without a target, or with one that is no URL' },
  REDIRECT_SCHEME: { severity: 'error', meaning: 'a redirect to something else than http or https' },
  REDIRECT_PORT: { severity: 'error', meaning: 'a redirect to another port than 80 or 443' },
  REDIRECT_ADDRESS: {
    severity: 'error',
    meaning: 'a redirect to an IP address that no CA connects to; a warning where only some do',
  },
  REDIRECT_SLASH: {
    severity: 'error',
    meaning: 'a redirect to `name.well-known`: a slash is missing at the end of its target',
  },
  REDIRECT_TOO_LONG: { severity: 'error', meaning: 'a redirect to a path of more than 2,000 bytes' },
  REDIRECT_LOOP: { severity: 'error', meaning: 'redirects that lead back to where they began' },
  REDIRECT_TOO_MANY: { severity: 'error', meaning: 'more than 10 redirects in a row' },
  REDIRECT_UNRESOLVED: { severity: 'error', meaning: 'a redirect to a name without a public address' },
  REDIRECT_UNREACHABLE: { severity: 'error', meaning: 'a redirect to a server that does not answer' },
  REDIRECT_TLS: { severity: 'error', meaning: 'a redirect to a server whose TLS fails or is older than 1.2' },
  CAA_FAILED: { severity: 'error', meaning: 'the look-up of CAA records fails, so that a CA has to refuse' },
  CAA_OTHER_CA: { severity: 'error', meaning: 'CAA records name other CAs, or none' },
  CAA_METHOD: { severity: 'error', meaning: 'CAA records allow the CA other methods than HTTP-01 (RFC 8657)' },
  CAA_ACCOUNT: { severity: 'error', meaning: 'CAA records allow the CA another account (RFC 8657)' },
  CAA_CRITICAL: { severity: 'error', meaning: 'a critical CAA property that CAs do not know' },
  IPV6_STALE: {
    severity: 'warning',
    meaning: "the AAAA record's address does not answer, the A record's does; CAs take the AAAA record first",
  },
  ADDRESS_PARTLY_PUBLIC: { severity: 'warning', meaning: 'some of its addresses are private, loopback or reserved' },
  DNS_PARTLY_FAILED: { severity: 'warning', meaning: 'the look-up of A or of AAAA records fails, the other one works' },
  NAME_NOT_PUBLIC: { severity: 'warning', meaning: 'no CA of the web issues below this top-level domain' },
  CLOCK_SKEW: { severity: 'warning', meaning: "this machine's clock and the CA's differ by more than a minute" },
  CAA_UNJUDGED: {
    severity: 'warning',
    meaning: 'there are CAA records, and the CA does not say what it goes by in them',
  },
  LISTEN_LOOPBACK: { severity: 'warning', meaning: '`listen.http` has loopback addresses alone' },
  RULE_BLOCKS: {
    severity: 'warning',
    meaning: 'the WAF rules would block a request as CAs send it, were it not the challenge of an active order',
  },
  RULE_OBSERVED: { severity: 'note', meaning: 'WAF rules match a request as CAs send it, without blocking' },
  REDIRECTED: { severity: 'note', meaning: 'the challenge is answered by way of redirects' },
  IPV6_UNTRIED: { severity: 'note', meaning: 'this machine has no IPv6, so the AAAA record was not tried' },
} as const satisfies Record<string, FindingKind>

export type FindingCode = keyof typeof findingKinds

/** One fault, or one thing worth knowing, and what to do about it. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** What it is about: a name, or the host of the CA. */
  readonly name: string
  /** One sentence, without control bytes, whatever a server sent. */
  readonly text: string
  readonly fix: string
}

export interface FindingParts {
  readonly name: string
  readonly text: string
  readonly fix: string
}

export function finding(code: FindingCode, { name, text, fix }: FindingParts): Finding {
  return {
    code,
    severity: findingKinds[code].severity,
    name: printable(name),
    text: printable(text),
    fix: printable(fix),
  }
}

/** Worst first, each once; what several addresses show in the same words is said once. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const codes = Object.keys(findingKinds)
  const rank = ({ severity, code }: Finding) => severities.indexOf(severity) * codes.length + codes.indexOf(code)
  const once = new Map(findings.map((found) => [JSON.stringify(found), found]))
  return [...once.values()].sort((a, b) => rank(a) - rank(b))
}

/** What a server sends must not steer the terminal or fill the screen. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').slice(0, 1000)
}
