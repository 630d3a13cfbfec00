import type { ChallengeFinder } from '../challenge/responder.ts'
import type { LimitsConfig } from '../config/config.ts'
import type { RuleSet } from '../waf/transaction-types.ts'
import type { AccessLog } from './access-log.ts'
import type { Occupancy } from './occupancy.ts'
import type { RequestReader } from './read-request.ts'
import type { RuleLog } from './rule-log.ts'
import type { Sites } from './sites.ts'

/**
 * Everything that an exchange is handled with. An exchange keeps the generation that it began with; a reload builds a new
 * one and swaps one reference, so that no request ever sees half of a change.
 */
export interface Generation {
  readonly rules: RuleSet
  readonly sites: Sites
  readonly challenges: ChallengeFinder
  readonly ruleLog: RuleLog
  readonly accessLog: AccessLog
  readonly limits: LimitsConfig
  readonly reader: RequestReader
  /** Who still uses all this: it is closed after the last one has left. */
  readonly occupancy: Occupancy
}

/** What listeners ask for with every request: the generation of now. */
export type CurrentGeneration = () => Generation
