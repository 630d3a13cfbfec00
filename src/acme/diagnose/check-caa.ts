import { type CaaFound, findCaa, judgeCaa } from './caa.ts'
import type { DnsLookup } from './dns-lookup.ts'
import { type Finding, finding } from './finding.ts'

export interface CaaCheck {
  readonly name: string
  readonly dns: DnsLookup
  /** `undefined`: the CA could not be asked. */
  readonly caaIdentities: readonly string[] | undefined
  readonly accountUrl: string | undefined
  readonly signal: AbortSignal
}

/** Whether the CAA records of a name let this CA issue for it, to this account, over HTTP-01. */
export async function checkCaa(check: CaaCheck): Promise<readonly Finding[]> {
  const { name, dns, signal } = check
  const found = await findCaa(name, dns, signal)
  if (found.kind === 'none') return []
  if (found.kind === 'found') return judge(found, check)
  const text = `the look-up of the CAA records of ${found.at} fails (${found.reason}), so that every CA has to refuse`
  const fix = `mend the name servers of ${found.at}: they must answer questions for CAA, if only that there are none`
  return [finding('CAA_FAILED', { name, text, fix })]
}

function judge(
  { at, records }: Extract<CaaFound, { kind: 'found' }>,
  { name, caaIdentities = [], accountUrl }: CaaCheck,
): readonly Finding[] {
  const verdict = judgeCaa(records, { identities: caaIdentities, wildcard: name.startsWith('*.'), accountUrl })
  const shown = records.map(({ tag, value }) => `${tag} ${JSON.stringify(value)}`).join(', ')
  const has = `${at} has CAA records (${shown.slice(0, 300)})`
  const mine = caaIdentities[0] ?? 'the CA'
  const wanted = `add the record: ${at} CAA 0 issue "${mine}"`
  switch (verdict.kind) {
    case 'allowed':
      return []
    case 'other-ca':
      return [
        finding('CAA_OTHER_CA', { name, text: `${has}, and none names ${caaIdentities.join(' or ')}`, fix: wanted }),
      ]
    case 'other-method': {
      const text = `${has} that allow ${mine} the methods ${verdict.methods}, not http-01`
      return [finding('CAA_METHOD', { name, text, fix: 'add http-01 to validationmethods, or drop the parameter' })]
    }
    case 'other-account': {
      const text = `${has} that allow ${mine} the account ${verdict.accountUri} alone; ours is ${accountUrl ?? 'not made yet'}`
      return [finding('CAA_ACCOUNT', { name, text, fix: 'put the URL of our account into accounturi, or drop it' })]
    }
    case 'critical-unknown': {
      const text = `${has}, of which ${verdict.tag} is critical and unknown to CAs`
      return [finding('CAA_CRITICAL', { name, text, fix: `set the flags of the ${verdict.tag} record to 0` })]
    }
    case 'unknown': {
      const fix = "see whether the records name the domain that the CA's documentation gives for CAA"
      return [finding('CAA_UNJUDGED', { name, text: `${has}, and the CA does not say its own domain for CAA`, fix })]
    }
    default:
      return verdict satisfies never
  }
}
