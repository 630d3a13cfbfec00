import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { shippedRules } from '../../src/config/paths.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { getRequest } from '../requests/get.ts'
import { Values } from '../requests/values.ts'
import { writeRules } from '../rule-files.ts'
import type { GrowthSetting, Point, Series } from './series.ts'
import { timeRequests } from './time-requests.ts'

const COPIES = 5

/** A GET with the shipped rules, the Core Rule Set at each level, and five copies of it. */
export const byRules: Series = {
  name: 'rules',
  title: 'rules (shipped, Core Rule Set at levels 1 to 4, five copies of it at level 1)',
  xUnit: 'rules in force',
  yUnit: 'µs a GET',
  expectation: 'linear',
  async measure(setting) {
    const levels = [1, 2, 3, 4].map((level) => ({
      note: `level ${level}`,
      file: writeRules(setting.folder, { ...setting, level }),
      idle: rulesAbove(level, setting.crs),
    }))
    const copies = { note: '5 copies', file: writeCopies(setting), idle: COPIES * rulesAbove(1, setting.crs) }
    const points: Point[] = []
    for (const set of [{ note: 'shipped', file: shippedRules, idle: 0 }, ...levels, copies])
      points.push(await measureRules(set, setting))
    return points
  },
}

interface RuleFile {
  readonly note: string
  readonly file: string
  /** Rules that are loaded and skipped: those of higher paranoia levels. */
  readonly idle: number
}

async function measureRules({ note, file, idle }: RuleFile, { seconds, seed }: GrowthSetting): Promise<Point> {
  const values = new Values(seed)
  const startedAt = performance.now()
  const rules = await loadRuleSet({ files: [file], mode: 'block' })
  const loaded = `${note}, loaded in ${Math.round(performance.now() - startedAt)} ms`
  const y = await timeRequests(rules, { make: () => getRequest(values), seconds })
  return { x: rules.ruleCount - idle, y, note: loaded }
}

function rulesAbove(level: number, crs: string): number {
  const texts = ruleFiles(crs).map((file) => readFileSync(join(crs, 'rules', file), 'latin1'))
  const tags = texts.flatMap((text) => text.match(/^\s*tag:'paranoia-level\/\d'/gm) ?? [])
  return tags.filter((tag) => Number(/\d/.exec(tag)?.[0]) > level).length
}

function ruleFiles(crs: string): string[] {
  return readdirSync(join(crs, 'rules')).sort()
}

/** The rules again and again under other ids and marker names: a rule set as large as nobody has. */
function writeCopies({ crs, folder }: GrowthSetting): string {
  for (let copy = 1; copy < COPIES; copy++) {
    const target = join(folder, `copy-${copy}`)
    mkdirSync(target)
    for (const file of ruleFiles(crs)) {
      const text = readFileSync(join(crs, 'rules', file), 'latin1')
      writeFileSync(join(target, file), file.endsWith('.conf') ? renumber(text, copy) : text, 'latin1')
    }
  }
  const main = writeRules(folder, { crs, level: 1 })
  const copies = Array.from({ length: COPIES - 1 }, (_, i) => `Include ${folder}/copy-${i + 1}/*.conf\n`)
  const file = join(folder, 'copies.conf')
  writeFileSync(file, readFileSync(main, 'latin1') + copies.join(''))
  return file
}

function renumber(text: string, copy: number): string {
  return text
    .replace(/(\bid:|ById[= ])(\d{6})\b/g, (_, before: string, id: string) => `${before}${copy}${id}`)
    .replace(/(SecMarker "|skipAfter:)([\w-]+)/g, (_, before: string, name: string) => `${before}${name}-COPY-${copy}`)
}
