import { caRequests } from './ca-requests.ts'
import type { DiagnosisOptions, RuleReport } from './diagnosis-types.ts'
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
    const report = await inspect(request)
    if (report.blocked !== undefined) findings.push(blocks(name, request.sender, report))
    else if (report.matches.length > 0) findings.push(observed(name, report))
  }
  return findings
}

function blocks(name: string, sender: string, { blocked, matches }: RuleReport): Finding {
  const rule = blocked?.ruleId === undefined ? 'the WAF' : `rule ${blocked.ruleId}`
  const others = causesOf(matches).filter(({ ruleId }) => ruleId !== blocked?.ruleId)
  const because = others.length === 0 ? '' : `, because of ${listOf(others)}`
  const text = `${rule} would ${blocked?.as ?? 'block'} a challenge request as ${sender} sends it${because}; acme-edge itself answers it nevertheless, a proxy with the same rules would not`
  const causes = causesOf(matches)
  const fix =
    causes.length === 0
      ? 'exempt the path /.well-known/acme-challenge/ where such a proxy is in the way'
      : `where such a proxy is in the way, add there: ${exclusion(causes)}`
  return finding('RULE_BLOCKS', { name, text, fix })
}

/** Rules that looked at the request; one that blocks for a sum of scores (TX) is not what has to be excluded. */
function causesOf(matches: Matches): Matches {
  const causes = matches.filter(({ variable }) => variable === undefined || !/^&?TX\b/.test(variable))
  return causes.length > 0 ? causes : matches
}

function observed(name: string, { matches }: RuleReport): Finding {
  const text = `a challenge request is observed by ${listOf(matches)} and not blocked`
  return finding('RULE_OBSERVED', {
    name,
    text,
    fix: 'nothing has to be done; such lines in the error log come from CAs',
  })
}

type Matches = RuleReport['matches']

const listOf = (matches: Matches): string =>
  [...new Set(matches.map(({ ruleId, variable }) => `rule ${ruleId}${variable ? ` (${variable})` : ''}`))].join(', ')

/** The narrowest that helps: this path alone, and of each rule the one variable that matched. */
function exclusion(matches: Matches): string {
  const controls = new Set(
    matches.map(({ ruleId, variable }) =>
      variable === undefined ? `ctl:ruleRemoveById=${ruleId}` : `ctl:ruleRemoveTargetById=${ruleId};${variable}`,
    ),
  )
  const path = '^/\\.well-known/acme-challenge/[A-Za-z0-9_-]{22,128}$'
  return `SecRule REQUEST_URI_RAW "@rx ${path}" "id:100000,phase:1,pass,nolog,t:none,${[...controls].join()}"`
}
