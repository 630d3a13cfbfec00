import { type CaRequest, caRequests } from './ca-requests.ts'
import type { DiagnosisOptions, InspectRequest, RuleReport } from './diagnosis-types.ts'
import { causesOf, findExclusion } from './exclusion.ts'
import { type Finding, finding } from './finding.ts'

/**
 * What the rules of the config make of requests as CAs send them. The challenge of an active order is answered whatever they
 * say; but a proxy in front with the same rules, or a redirect's target, does not know of orders.
 */
export async function checkRules(
  { inspect }: DiagnosisOptions,
  { name, target }: { readonly name: string; readonly target: string },
): Promise<readonly Finding[]> {
  if (inspect === undefined) return []
  const findings: Finding[] = []
  for (const request of caRequests(name, target)) {
    const found = await checkRequest(name, request, inspect)
    if (found !== undefined) findings.push(found)
  }
  return findings
}

async function checkRequest(name: string, request: CaRequest, inspect: InspectRequest): Promise<Finding | undefined> {
  const { blocked, matches } = await inspect(request)
  if (blocked === undefined) return matches.length === 0 ? undefined : observed(name, matches)
  const rule = blocked.ruleId === undefined ? 'the WAF' : `rule ${blocked.ruleId}`
  const others = causesOf(matches).filter(({ ruleId }) => ruleId !== blocked.ruleId)
  const because = others.length === 0 ? '' : `, because of ${listOf(others)}`
  const text = `${rule} would ${blocked.as} a challenge request as ${request.sender} sends it${because}; acme-edge itself answers it nevertheless, a proxy with the same rules would not`
  const exclusion = await findExclusion(inspect, request, matches)
  const fix =
    exclusion === undefined
      ? 'exempt the path /.well-known/acme-challenge/ where such a proxy is in the way'
      : `where such a proxy is in the way, put before its rules: ${exclusion}`
  return finding('RULE_BLOCKS', { name, text, fix })
}

function observed(name: string, matches: Matches): Finding {
  const text = `a challenge request is observed by ${listOf(causesOf(matches))} and not blocked`
  return finding('RULE_OBSERVED', {
    name,
    text,
    fix: 'nothing has to be done; such lines in the error log come from CAs',
  })
}

type Matches = RuleReport['matches']

const listOf = (matches: Matches): string =>
  [...new Set(matches.map(({ ruleId, variable }) => `rule ${ruleId}${variable ? ` (${variable})` : ''}`))].join(', ')
