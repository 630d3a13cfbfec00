import type { RuleSet } from '../../src/waf/transaction-types.ts'

/** How what is measured may grow with what there is more of. */
export type Expectation = 'constant' | 'linear'

export interface Point {
  /** How many, or how large. */
  readonly x: number
  readonly y: number
  /** Beside the number in the table. */
  readonly note?: string
  /** Linear growth would have come to less than the time allowed, and it took more: y is not known. */
  readonly tooSlow?: boolean
}

/** One thing of which there is more and more, and what it costs. */
export interface Series {
  readonly name: string
  readonly title: string
  readonly xUnit: string
  readonly yUnit: string
  readonly expectation: Expectation
  measure(setting: GrowthSetting): Promise<Point[]>
}

export interface GrowthSetting {
  /** The Core Rule Set's. */
  readonly crs: string
  /** For files; removed at the end. */
  readonly folder: string
  /** The Core Rule Set at paranoia level 1. */
  readonly rules: RuleSet
  readonly seed: number
  /** Of measuring at each point, the warm-up aside. */
  readonly seconds: number
}
