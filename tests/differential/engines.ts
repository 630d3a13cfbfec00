import type { RuleSet } from '../../src/waf/transaction-types.ts'
import type { Case } from './case.ts'
import { loadRules, runEngine } from './engine.ts'
import type { Exchange } from './exchange.ts'
import type { Oracle } from './oracle.ts'
import { differencesOf, type EngineOutcome } from './outcome.ts'
import { printRules, type Statement, unseenIds } from './rule-model.ts'

/** Rule sets that are kept. */
const KEPT = 16

/** How the two engines stand to each other. */
export type Comparison =
  | { readonly kind: 'agree' }
  | { readonly kind: 'differ'; readonly differences: readonly string[] }
  /** The rules cannot be loaded, or ModSecurity crashes: nothing can be compared. */
  | { readonly kind: 'incomparable'; readonly reason: string }

export interface Outcomes {
  readonly ours: EngineOutcome
  readonly theirs: EngineOutcome
}

/** Both engines, on the same rules and exchanges. */
export class Engines {
  readonly #oracle: Oracle
  /** The least recently used first. */
  readonly #loaded = new Map<string, RuleSet | Error>()

  constructor(oracle: Oracle) {
    this.#oracle = oracle
  }

  async compareAll(rules: readonly Statement[], exchanges: readonly Exchange[]): Promise<Comparison[]> {
    const outcomes = await this.runAll(rules, exchanges)
    if (typeof outcomes === 'string') return exchanges.map(() => ({ kind: 'incomparable', reason: outcomes }))
    const unseen = unseenIds(rules)
    return outcomes.map(({ ours, theirs }) => {
      const differences = differencesOf(ours, theirs, unseen)
      return differences.length === 0 ? { kind: 'agree' } : { kind: 'differ', differences }
    })
  }

  async compare({ rules, exchange }: Case): Promise<Comparison> {
    const [comparison] = await this.compareAll(rules, [exchange])
    return comparison ?? { kind: 'agree' } // one exchange, one comparison
  }

  /** What both say, or why they cannot be compared. */
  async runAll(rules: readonly Statement[], exchanges: readonly Exchange[]): Promise<Outcomes[] | string> {
    const text = printRules(rules)
    const loaded = await this.#load(text)
    if (loaded instanceof Error) return reasonOf(loaded)
    const answer = await this.#oracle.judge(text, exchanges)
    if (answer.kind === 'crashed') return 'ModSecurity crashes'
    if (answer.kind === 'refused') return `ModSecurity refuses: ${answer.reason}`
    const found: Outcomes[] = []
    for (const [i, theirs] of answer.outcomes.entries()) {
      const exchange = exchanges[i]
      if (exchange !== undefined) found.push({ ours: await runEngine(loaded, exchange), theirs })
    }
    return found
  }

  async #load(text: string): Promise<RuleSet | Error> {
    const known = this.#loaded.get(text) ?? (await loadRules(text).catch((error: Error) => error))
    this.#loaded.delete(text)
    this.#loaded.set(text, known)
    const [oldest] = this.#loaded.keys()
    if (this.#loaded.size > KEPT && oldest !== undefined) this.#loaded.delete(oldest)
    return known
  }
}

function reasonOf(error: Error): string {
  const { problems } = error as { problems?: readonly { message: string }[] } // EdgeError of loadRuleSet
  return `acme-edge refuses: ${problems?.map(({ message }) => message).join('; ') ?? error.stack}`
}
