import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { RULES_FILE, exchange as runExchange } from '../helpers/rule-engine.ts'
import type { Case } from './case.ts'
import { forEngine } from './exchange.ts'
import { type LinkModel, printRules } from './rule-model.ts'

/** Every value that acme-edge's engine looks at in the rule that begins with this link. */
export async function traceLink({ rules, exchange }: Case, head: LinkModel): Promise<string[]> {
  const text = printRules(rules)
  const id = Number(head.actions.find((action) => action.startsWith('id:'))?.slice('id:'.length))
  const values = new Set<string>()
  const loaded = await loadRuleSet({
    files: [RULES_FILE],
    mode: 'block',
    readFile: () => text,
    trace: (event) => {
      if (event.ruleId === id) values.add(event.value)
    },
  })
  await runExchange(loaded, ...forEngine(exchange))
  return [...values]
}
