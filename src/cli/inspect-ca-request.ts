import { readFileSync } from 'node:fs'
import type { CaRequest } from '../acme/diagnose/ca-requests.ts'
import type { InspectRequest, RuleReport } from '../acme/diagnose/diagnosis-types.ts'
import type { EdgeConfig } from '../config/config.ts'
import type { Verdict } from '../http.ts'
import { loadRuleSet } from '../waf/rule-set.ts'
import type { RuleSet } from '../waf/transaction-types.ts'

/**
 * Puts requests as CAs send them through the rules of the config, in this process: nothing is sent, nothing is logged. Throws
 * what is wrong with the rules.
 */
export async function openCaRequestInspection(config: EdgeConfig): Promise<InspectRequest> {
  const plain = await openInspection(config, '')
  const excluding = new Map<string, Promise<Inspect>>()
  return async (request, exclusion) => {
    if (exclusion === undefined) return plain(request)
    const known = excluding.get(exclusion) ?? openInspection(config, exclusion).catch(() => refusing)
    excluding.set(exclusion, known)
    return (await known)(request)
  }
}

type Inspect = (request: CaRequest) => Promise<RuleReport>

const refusing: Inspect = async () => ({ blocked: { ruleId: undefined, as: 'refuse' }, matches: [] })

/** Stands for the rule that is put before the files of the config. */
const exclusionFile = 'exclusion of the diagnosis'

async function openInspection({ waf }: EdgeConfig, exclusion: string): Promise<Inspect> {
  let variables = new Map<number, string>()
  const rules = await loadRuleSet({
    files: [exclusionFile, ...waf.rules],
    mode: waf.mode,
    readFile: (path) => (path === exclusionFile ? `${exclusion}\n` : readFileSync(path, 'latin1')),
    trace({ matched, ruleId, variable }) {
      if (matched && !variables.has(ruleId)) variables.set(ruleId, variable) // of a chain the link that began it
    },
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
