import { readFileSync } from 'node:fs'
import type { RuleNode } from '../../src/waf/seclang/ast.ts'
import { parseSecLang } from '../../src/waf/seclang/parser.ts'

export interface ShippedRule {
  readonly id: number
  /** Action name → its arguments. */
  readonly actions: ReadonlyMap<string, readonly string[]>
  /** Operators of the rule and of those chained to it. */
  readonly operators: readonly RuleNode['operator'][]
}

/** The rules of rules/acme-edge.conf as written, chains joined. */
export function shippedRules(): readonly ShippedRule[] {
  const text = readFileSync(new URL('../../rules/acme-edge.conf', import.meta.url), 'latin1')
  const chains: RuleNode[][] = []
  let isChained = false
  for (const node of parseSecLang(text, 'acme-edge.conf').nodes) {
    if (node.kind !== 'rule') continue
    if (isChained) chains.at(-1)?.push(node)
    else chains.push([node])
    isChained = node.actions.some(({ name }) => name.text === 'chain')
  }
  return chains.map(toShippedRule)
}

function toShippedRule(chain: readonly RuleNode[]): ShippedRule {
  const actions = new Map<string, string[]>()
  for (const { name, argument } of chain[0]?.actions ?? []) {
    const values = actions.get(name.text) ?? []
    actions.set(name.text, [...values, argument?.text ?? ''])
  }
  return { id: Number(actions.get('id')?.[0]), actions, operators: chain.map(({ operator }) => operator) }
}
