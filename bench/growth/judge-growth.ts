import type { Point, Series } from './series.ts'

/** Of measuring on a machine with other work; a larger table also misses the processor's caches more often. */
const TOLERANCE = 0.25

export interface Judged {
  readonly series: Series
  readonly points: readonly Point[]
  /** 0: constant, 1: linear, 2: quadratic. */
  readonly exponent: number
  readonly verdict: 'as it should be' | 'worse than linear' | 'grows and should not'
}

export function judgeGrowth(series: Series, points: readonly Point[]): Judged {
  const measured = points.filter(({ y }) => !Number.isNaN(y))
  const [first, last] = [measured[0], measured.at(-1)]
  if (first === undefined || last === undefined || first === last) throw new Error(`${series.name}: too few points`)
  const isConstant = series.expectation === 'constant'
  // What may grow is judged by its last decade: before it, what every request costs hides the growth.
  const from = isConstant ? first : (measured.findLast(({ x }) => x <= last.x / 9) ?? first)
  const exponent = Math.log(last.y / from.y) / Math.log(last.x / from.x)
  const tooSlow = points.some((point) => point.tooSlow)
  return { series, points, exponent, verdict: tooSlow ? 'worse than linear' : verdictOn(exponent, isConstant) }
}

function verdictOn(exponent: number, isConstant: boolean): Judged['verdict'] {
  if (exponent > 1 + TOLERANCE) return 'worse than linear'
  return isConstant && exponent > TOLERANCE ? 'grows and should not' : 'as it should be'
}
