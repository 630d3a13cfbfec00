import { isIP } from 'node:net'
import { challengePrefix } from '../../challenge/token.ts'
import type { HostName } from '../../http.ts'
import { addressKind } from './address-kind.ts'
import { checkAuthority } from './check-authority.ts'
import { checkCaa } from './check-caa.ts'
import { checkName } from './check-name.ts'
import { checkRules } from './check-rules.ts'
import type { DiagnosisOptions } from './diagnosis-types.ts'
import { type Addresses, findAddresses } from './find-addresses.ts'
import { type Finding, finding, sortFindings } from './finding.ts'
import { probeAddresses } from './probe-addresses.ts'

/** How many names are looked at together. */
const namesAtOnce = 8
/** What no order has: it stands for a token where rules are asked. */
const exampleToken = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA'

/**
 * Looks at everything that a CA looks at when it validates these names over HTTP-01, and says what stands in the way, worst
 * first. Nothing is ordered, and nothing is left behind. Rejects only when the signal aborts.
 */
export async function diagnose(options: DiagnosisOptions): Promise<readonly Finding[]> {
  const { acme, listening, names } = options
  const { publicCa = isPublicAuthority(acme.directory) } = options
  const authority = await checkAuthority(options)
  const findings: Finding[] = [...authority.findings, ...checkListening(listening.http, publicCa)]
  const queue = [...new Set(names)]
  const look = async () => {
    for (let text = queue.shift(); text !== undefined; text = queue.shift()) {
      const checked = checkName(text, { publicCa })
      findings.push(...checked.findings)
      if (checked.kind === 'unusable') continue
      const about = { name: checked.name, publicCa, caaIdentities: authority.caaIdentities }
      findings.push(...(await diagnoseName(about, options)))
    }
  }
  await Promise.all(Array.from({ length: Math.min(namesAtOnce, queue.length) }, look))
  return sortFindings(findings)
}

interface NameOptions {
  readonly name: HostName
  readonly publicCa: boolean
  readonly caaIdentities: readonly string[] | undefined
}

async function diagnoseName(about: NameOptions, options: DiagnosisOptions): Promise<readonly Finding[]> {
  const { dns, accountUrl, signal } = options
  const isAddress = isIP(about.name) !== 0 // addresses have no CAA records (RFC 8738 §4)
  const parts = await Promise.all([
    reach(about, options),
    isAddress ? [] : checkCaa({ ...about, dns, accountUrl, signal }),
    checkRules(options, { name: about.name, target: `${challengePrefix}${exampleToken}` }),
  ])
  return parts.flat()
}

async function reach({ name, publicCa }: NameOptions, options: DiagnosisOptions): Promise<readonly Finding[]> {
  const { dns, signal } = options
  const addresses = isIP(name)
    ? ofLiteral(name, publicCa)
    : await findAddresses(name, { dns, publicOnly: publicCa, signal })
  const findings = checkRecords(name, addresses)
  if (addresses.v4.length + addresses.v6.length === 0) return findings
  return [...findings, ...(await probeAddresses({ name, addresses, publicCa }, options))]
}

function ofLiteral(name: HostName, publicOnly: boolean): Addresses {
  const kind = addressKind(name)
  const isUsable = !publicOnly || kind === 'public'
  return {
    v4: isUsable && isIP(name) === 4 ? [name] : [],
    v6: isUsable && isIP(name) === 6 ? [name] : [],
    special: isUsable ? [] : [{ address: name, kind }],
    exists: true,
    failures: [],
  }
}

function checkRecords(name: string, { v4, v6, special, exists, failures }: Addresses): readonly Finding[] {
  const count = v4.length + v6.length
  const failed = failures.map(({ type, reason }) => `${type}: ${reason}`).join(', ')
  const shown = special.map(({ address, kind }) => `${address} is ${kind}`).join(', ')
  const servers = 'mend the name servers of the domain, and see that this machine reaches its DNS'
  const records = 'point the records at the public address that leads to this machine'
  if (special.length > 0) {
    const code = count === 0 ? 'ADDRESS_NOT_PUBLIC' : 'ADDRESS_PARTLY_PUBLIC'
    return [finding(code, { name, text: `no CA connects there: ${shown}`, fix: records })]
  }
  if (count > 0) {
    if (failures.length === 0) return []
    return [
      finding('DNS_PARTLY_FAILED', { name, text: `the look-up of its addresses fails (${failed})`, fix: servers }),
    ]
  }
  if (failures.length > 0)
    return [finding('DNS_FAILED', { name, text: `the look-up of its addresses fails (${failed})`, fix: servers })]
  if (!exists) {
    const fix = 'register the name or correct its spelling; a record made a moment ago may take minutes to be seen'
    return [finding('NAME_UNKNOWN', { name, text: 'the DNS has no such name', fix })]
  }
  return [
    finding('NO_ADDRESS', { name, text: 'it has neither an A nor an AAAA record', fix: `add an A record: ${records}` }),
  ]
}

function checkListening(http: readonly { readonly host: string; readonly port: number }[], publicCa: boolean) {
  const isLoopback = ({ host }: { readonly host: string }) =>
    host === 'localhost' || (isIP(host) !== 0 && addressKind(host) === 'loopback')
  if (!publicCa || http.length === 0 || !http.every(isLoopback)) return []
  const text = `acme-edge listens for plain HTTP on ${http.map(({ host, port }) => `${host}:${port}`).join(', ')} alone`
  const fix = 'set listen.http to 0.0.0.0:80 and [::]:80, unless a proxy on this machine passes port 80 on'
  return [finding('LISTEN_LOOPBACK', { name: 'listen.http', text, fix })]
}

/** A CA on this machine or in a private network sees private addresses; one of the web does not. */
function isPublicAuthority(directory: string): boolean {
  const host = new URL(directory).hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return addressKind(host) === 'public'
  return host.includes('.') && !/\.(localhost|local|internal|test|home\.arpa|lan|intranet)$/.test(host)
}
