import { writeFileSync } from 'node:fs'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { choose, type Options } from '../options.ts'
import { findCoreRuleSet, writeRules } from '../rule-files.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { figure, textTable } from '../text-table.ts'
import { byArguments } from './by-arguments.ts'
import { byBody } from './by-body.ts'
import { byCertificates } from './by-certificates.ts'
import { byChallenges } from './by-challenges.ts'
import { byHeaders } from './by-headers.ts'
import { byRules } from './by-rules.ts'
import { bySites } from './by-sites.ts'
import { growthChart } from './growth-chart.ts'
import { type Judged, judgeGrowth } from './judge-growth.ts'
import type { GrowthSetting, Series } from './series.ts'
import { LONGEST_MS } from './time-requests.ts'

export const growthOptions = ['crs', 'workloads', 'seconds', 'seed', 'chart'] as const

export const growthSeries: readonly Series[] = [
  byRules,
  byArguments,
  ...byBody,
  byHeaders,
  ...bySites,
  ...byChallenges,
  ...byCertificates,
]
/** More than the edge allows: how long the largest bodies take is what is asked here. */
const budget = { phaseMs: LONGEST_MS }

/** What more rules, arguments, bytes, fields, sites, challenges and certificates cost. */
export async function benchGrowth(options: Options): Promise<void> {
  const crs = findCoreRuleSet(options)
  const chosen = choose(growthSeries, options.list('workloads'))
  const folder = temporaryFolder()
  const rules = await loadRuleSet({ files: [writeRules(folder, { crs, level: 1 })], mode: 'block', budget })
  const seconds = options.number('seconds', 0.5)
  const setting: GrowthSetting = { crs, folder, rules, seed: options.number('seed', 1), seconds }
  const judged: Judged[] = []
  for (const series of chosen) {
    process.stderr.write(`${series.title} …\n`)
    const one = judgeGrowth(series, await series.measure(setting))
    judged.push(one)
    if (!options.has('json')) process.stdout.write(`${toText(one)}\n`)
  }
  const chart = options.text('chart', '')
  if (chart !== '') writeFileSync(chart, growthChart(judged))
  if (options.has('json')) process.stdout.write(`${JSON.stringify(toJson(judged))}\n`)
}

function toJson(judged: readonly Judged[]): object {
  const series = judged.map(({ series: { name, title, xUnit, yUnit, expectation }, points, exponent, verdict }) => {
    return { name, title, xUnit, yUnit, expectation, exponent, verdict, points }
  })
  return { benchmark: 'growth', series }
}

function toText({ series: { name, title, xUnit, yUnit, expectation }, points, exponent, verdict }: Judged): string {
  const rows = points.map(({ x, y, note }) => [x.toLocaleString('en-US'), figure(y), note ?? ''])
  const judgement = `${verdict}: grows with the power ${exponent.toFixed(2)}, ${expectation} is allowed`
  return `${title} (${name})\n${textTable([xUnit, yUnit, ''], rows)}${judgement}\n`
}
