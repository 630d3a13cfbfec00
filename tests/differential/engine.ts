import { readFileSync } from 'node:fs'
import type { Verdict } from '../../src/http.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import type { RuleSet } from '../../src/waf/transaction-types.ts'
import { RULES_FILE, exchange as runExchange } from '../helpers/rule-engine.ts'
import { type Exchange, forEngine } from './exchange.ts'
import type { EngineOutcome } from './outcome.ts'

/** acme-edge's engine with rules given as text; data files are read from the file system. Rejects as `loadRuleSet` does. */
export function loadRules(rules: string): Promise<RuleSet> {
  return loadRuleSet({
    files: [RULES_FILE],
    mode: 'block',
    readFile: (path) => (path === RULES_FILE ? rules : readFileSync(path, 'latin1')),
  })
}

export async function runEngine(rules: RuleSet, exchange: Exchange): Promise<EngineOutcome> {
  const { verdict, matched, lines } = await runExchange(rules, ...forEngine(exchange))
  const matches = new Map<number, string | undefined>(matched.map((id) => [id, undefined]))
  for (const line of lines) {
    const id = /\[id "(\d+)"\]/.exec(line)?.[1]
    const data = / \[data "((?:[^"\\]|\\.)*)"\] \[severity /s.exec(line)?.[1]
    if (id !== undefined) matches.set(Number(id), data && readable(data).slice(0, 100))
  }
  return { verdict: describeVerdict(verdict), matches }
}

function describeVerdict(verdict: Verdict): EngineOutcome['verdict'] {
  switch (verdict.kind) {
    case 'pass':
      return 'pass'
    case 'block':
      return `block ${verdict.status}`
    case 'drop':
      return 'drop'
    case 'redirect':
      return 'redirect'
    case 'failed':
      throw new Error(`rule ${verdict.ruleId}: ${verdict.reason}`)
    default:
      return verdict satisfies never
  }
}

/** Undoes what the log does to bytes that could end a field. */
function readable(field: string): string {
  return field.replace(/\\(?:x([0-9a-f]{2})|(.))/gs, (_, hex?: string, char?: string) => {
    return hex === undefined ? (char ?? '') : String.fromCharCode(Number.parseInt(hex, 16))
  })
}
