import type { CaRequest } from './ca-requests.ts'
import type { InspectRequest, RuleReport } from './diagnosis-types.ts'

type Matches = RuleReport['matches']

/**
 * Rules whose match is about the request. One that blocks for a sum of scores (TX), or that matches whatever comes, is not
 * what has to be excluded.
 */
export function causesOf(matches: Matches): Matches {
  const causes = matches.filter(({ variable }) => variable !== undefined && !/^&?TX\b/.test(variable))
  return causes.length > 0 ? causes : matches
}

/**
 * The narrowest exclusion that lets the request pass, tried: of each rule the one variable that matched, or else the whole
 * rule; in any case for challenges alone. `undefined`: neither is enough.
 */
export async function findExclusion(
  inspect: InspectRequest,
  request: CaRequest,
  matches: Matches,
): Promise<string | undefined> {
  const causes = causesOf(matches)
  const byTarget = causes.map(({ ruleId, variable }) =>
    variable === undefined ? byId(ruleId) : `ctl:ruleRemoveTargetById=${ruleId};${variable.replace(/^&/, '')}`,
  )
  for (const controls of [byTarget, causes.map(({ ruleId }) => byId(ruleId))]) {
    const rule = exclusionRule([...new Set(controls)])
    if (controls.length > 0 && (await inspect(request, rule)).blocked === undefined) return rule
  }
  return undefined
}

const byId = (ruleId: number): string => `ctl:ruleRemoveById=${ruleId}`

function exclusionRule(controls: readonly string[]): string {
  const path = '^/\\.well-known/acme-challenge/[A-Za-z0-9_-]{22,128}$'
  return `SecRule REQUEST_URI_RAW "@rx ${path}" "id:100000,phase:1,pass,nolog,t:none,${controls.join()}"`
}
