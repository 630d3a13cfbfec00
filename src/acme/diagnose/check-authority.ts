import { EdgeError } from '../../errors.ts'
import { isObject } from '../json.ts'
import { openTransport } from '../transport.ts'
import type { DiagnosisOptions } from './diagnosis-types.ts'
import { type Finding, type FindingCode, finding } from './finding.ts'

/** What the diagnosis learns from the CA's directory. */
export interface AuthorityReport {
  readonly findings: readonly Finding[]
  /** RFC 8555 §7.1.1 `caaIdentities`; `undefined`: the directory could not be read. */
  readonly caaIdentities: readonly string[] | undefined
}

const maxSkewMs = 60_000
const answerTimeoutMs = 15_000

/** Whether the CA can be reached and trusted from here, what it goes by in CAA records, and what time it has. */
export async function checkAuthority(options: DiagnosisOptions): Promise<AuthorityReport> {
  const { acme, now = Date.now } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(answerTimeoutMs)])
  const name = new URL(acme.directory).host
  try {
    const transport = await openTransport({ rootCa: acme.rootCa })
    try {
      const askedAtMs = now()
      const { status, headers, data } = await transport.send({ method: 'GET', url: acme.directory }, signal)
      const midwayMs = (askedAtMs + now()) / 2
      if (status >= 400 || !isObject(data) || typeof data.newOrder !== 'string') return notAcme(name, status)
      return { findings: checkClock(name, headers.date, midwayMs), caaIdentities: identitiesOf(data.meta) }
    } finally {
      await transport.close()
    }
  } catch (error) {
    options.signal.throwIfAborted()
    if (!(error instanceof EdgeError)) throw error
    return { findings: [failure(name, error)], caaIdentities: undefined }
  }
}

function notAcme(name: string, status: number): AuthorityReport {
  const text = `acme.directory answers with status ${status} and no ACME directory`
  const fix = "correct acme.directory: the CA's documentation has the address"
  const code = status >= 500 ? 'CA_UNREACHABLE' : 'CA_NOT_ACME'
  return { findings: [finding(code, { name, text, fix })], caaIdentities: undefined }
}

function failure(name: string, error: EdgeError): Finding {
  // "what is wrong: what to do" is how these errors are written
  const [text = '', ...advice] = error.message.split(/: (?=[^:]*$)/)
  const fix = advice.join('') || 'check acme.directory and the network of this machine'
  return finding(codeOf(error), { name, text, fix })
}

function codeOf({ code, details: { reason } }: EdgeError): FindingCode {
  if (code === 'ACME_EDGE_ACME_ROOT_CA_UNREADABLE') return 'CA_ROOT_UNREADABLE'
  return /CERT|SIGNATURE|ISSUER/.test(String(reason)) ? 'CA_UNTRUSTED' : 'CA_UNREACHABLE'
}

function identitiesOf(meta: unknown): readonly string[] {
  const identities = isObject(meta) ? meta.caaIdentities : undefined
  return Array.isArray(identities) ? identities.filter((one) => typeof one === 'string') : []
}

/** RFC 9110 §6.6.1: Date is when the answer was made. */
function checkClock(name: string, date: string | undefined, hereMs: number): readonly Finding[] {
  const thereMs = Date.parse(date ?? '')
  const skewMs = hereMs - thereMs
  if (Number.isNaN(skewMs) || Math.abs(skewMs) <= maxSkewMs) return []
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  const text = `this machine's clock is ${seconds} seconds ${skewMs > 0 ? 'ahead of' : 'behind'} the CA's`
  const fix = 'let the clock be set by NTP: certificates and their renewal go by it'
  return [finding('CLOCK_SKEW', { name, text, fix })]
}
