import type { CaRequest } from '../acme/diagnose/ca-requests.ts'
import type { RuleReport } from '../acme/diagnose/diagnosis-types.ts'
import type { EdgeConfig } from '../config/config.ts'
import type { Verdict } from '../http.ts'
import { loadRuleSet } from '../waf/rule-set.ts'
import type { RuleSet } from '../waf/transaction-types.ts'

/** Puts requests as CAs send them through the rules of the config, in this process: nothing is sent, nothing is logged. */
export async function openCaRequestInspection({
  waf,
}: EdgeConfig): Promise<(request: CaRequest) => Promise<RuleReport>> {
  let variables = new Map<number, string>()
  const rules = await loadRuleSet({
    files: waf.rules,
    mode: waf.mode,
    trace: ({ matched, ruleId, variable }) => void (matched && variables.set(ruleId, variable)),
  })
  let last: Promise<unknown> = Promise.resolve()
  return (request) => {
    // One after the other: a trace does not say which request it is about.
    const report = last.then(() => {
      variables = new Map()
      return inspect(rules, request, () => variables)
    })
    last = report.catch(() => undefined)
    return report
  }
}

async function inspect(
  rules: RuleSet,
  { target, headers }: CaRequest,
  variables: () => ReadonlyMap<number, string>,
): Promise<RuleReport> {
  const endpoint = { address: '192.0.2.1', port: 40_000 } // validators come from anywhere
  const transaction = rules.begin({
    ...{ id: 'diagnosis', receivedAtMs: Date.now(), method: 'GET', protocol: 'HTTP/1.1', target, headers },
    ...{ client: endpoint, server: { address: '192.0.2.2', port: 80 } },
  })
  const first = await transaction.requestHeaders()
  const verdict = first.kind === 'pass' ? await transaction.requestBody(undefined) : first
  await transaction.finish()
  const ids = [...new Set(transaction.logged.map(({ ruleId }) => ruleId))]
  return {
    blocked: blockedBy(verdict),
    matches: ids.map((ruleId) => ({ ruleId, variable: variables().get(ruleId) })),
  }
}

function blockedBy(verdict: Verdict): RuleReport['blocked'] {
  switch (verdict.kind) {
    case 'pass':
      return undefined
    case 'block':
      return { ruleId: verdict.ruleId, as: `answer ${verdict.status} to` }
    case 'redirect':
      return { ruleId: verdict.ruleId, as: 'redirect' }
    case 'drop':
      return { ruleId: verdict.ruleId, as: 'drop' }
    case 'failed':
      return { ruleId: verdict.ruleId, as: 'refuse' }
    default:
      return verdict satisfies never
  }
}
