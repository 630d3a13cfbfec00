import type { Exchange } from './exchange.ts'
import { printRules, type Statement } from './rule-model.ts'

/** One exchange with the rules that it meets. */
export interface Case {
  readonly rules: readonly Statement[]
  readonly exchange: Exchange
}

/** In a form that can be pasted: the rules, then the exchange as a literal. */
export function printCase({ rules, exchange }: Case): string {
  return `${printRules(rules)}${JSON.stringify(exchange)}`
}
