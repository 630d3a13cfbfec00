import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { expandRules } from '../../src/cli/test-files.ts'
import { InspectionThreads } from '../../src/inspection-threads/inspection-threads.ts'
import { runGuarded } from '../../src/inspection-threads/run-guarded.ts'
import { coreRuleSetFiles, coreRuleSetTests } from '../helpers/core-rule-set.ts'
import { type HostileValue, hostileValuesOf } from '../helpers/hostile-values.ts'
import { longestHold } from '../helpers/longest-hold.ts'
import { patternsOf, type RulePattern } from '../helpers/patterns-of.ts'
import { randomFrom } from '../helpers/random.ts'
import { exchange, load } from '../helpers/rule-engine.ts'
import { isFullRun, runSize } from '../helpers/run-size.ts'

/** Of this thread's processor time. */
const LONGEST_HOLD_MS = 50
const SIZES = [3_072, 65_536, 1_000_000] as const
/** Rules that are known for seconds on 64 KB. */
const KNOWN = new Set([932240, 933210, 941140, 934120, 942480])

const { seed, count: sampleSize } = runSize({ usual: 16, full: 1_000 })
t.setTimeout(3_600_000)
t.comment(`seed ${seed}`)
const threads = new InspectionThreads({ count: 2 })
t.teardown(() => threads.close())

t.test('no value holds up the event loop: the rules that come with the product', async (t) => {
  const file = fileURLToPath(new URL('../../rules/acme-edge.conf', import.meta.url))
  await tryAll(t, sampleOf(await patternsOf([file])))
})

const skip = existsSync(coreRuleSetTests) ? false : 'the Core Rule Set is not beside this repository'

t.test('no value holds up the event loop: the Core Rule Set', { skip }, async (t) => {
  await tryAll(t, sampleOf(await patternsOf(expandRules(coreRuleSetFiles))))
})

function sampleOf(patterns: readonly RulePattern[]): readonly RulePattern[] {
  const random = randomFrom(seed)
  return patterns.filter(({ id }) => KNOWN.has(id) || random.below(patterns.length) < sampleSize)
}

t.test('no value holds up the event loop: detectors', async (t) => {
  const texts = ["1'or/**/1=1--", '<a href=x onload=', '"\'', 'x\'y"', '/*', '<!--', '@@', '1e', '0x']
  for (const name of ['detectSQLi', 'detectXSS']) {
    for (const unit of texts) {
      const build = (bytes: number) => unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes)
      const { holdMs, verdict } = await worstHold(`@${name}`, { description: unit, build }, 1_000_000)
      t.ok(holdMs < LONGEST_HOLD_MS, `${name} ${unit}: ${holdMs} ms`)
      t.match(verdict, /pass|failed|block/)
    }
  }
})

interface Asserting {
  ok(condition: boolean, message: string): void
  comment(text: string): void
}

async function tryAll(t: Asserting, patterns: readonly RulePattern[]): Promise<void> {
  let worst = { holdMs: 0, where: '' }
  const verdicts = new Map<string, number>()
  for (const { id, argument, operator } of patterns) {
    for (const value of worstValues(hostileValuesOf(operator), operator)) {
      for (const bytes of new Set([operator.promptBytes ?? 0, ...SIZES])) {
        const { holdMs, verdict } = await worstHold(`@rx ${argument}`, value, bytes)
        const where = `${id}, ${bytes} bytes of ${value.description.slice(0, 80)}`
        if (holdMs >= LONGEST_HOLD_MS) t.ok(false, `${where}: ${holdMs} ms`)
        if (holdMs > worst.holdMs) worst = { holdMs, where }
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1)
      }
    }
  }
  t.comment(`${patterns.length} patterns; the longest hold: ${worst.holdMs} ms (${worst.where})`)
  t.comment(`verdicts: ${JSON.stringify(Object.fromEntries(verdicts))}`)
  t.ok(patterns.length > 0 && verdicts.size > 0, 'something was tried')
}

/** Those that a pattern takes longest for, tried on short ones. */
function worstValues(values: readonly HostileValue[], operator: RulePattern['operator']): readonly HostileValue[] {
  const measured = values.map((value) => {
    const text = value.build(512)
    const startedAt = performance.now()
    runGuarded(() => operator.test(text), 20)
    return { value, ms: performance.now() - startedAt }
  })
  const worst = measured.sort((a, b) => b.ms - a.ms).slice(0, isFullRun ? 2 : 1)
  return worst.map(({ value }) => value)
}

/** One request with the value; a hold that does not come again was not the value's. */
async function worstHold(operator: string, value: HostileValue, bytes: number) {
  const rules = `SecRequestBodyNoFilesLimit 2000000\nSecRule ARGS_POST:a "${operator.replaceAll('"', '\\"')}" "id:7,phase:2,deny"`
  const ruleSet = await load(rules, { offload: threads, screening: 'off', budget: { phaseMs: 500 } })
  const body = `--Hb\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value.build(bytes)}\r\n--Hb--\r\n`
  const headers = ['Host', 'shop.example', 'Content-Type', 'multipart/form-data; boundary=Hb']
  let holdMs = Number.POSITIVE_INFINITY
  let verdict = ''
  for (let run = 0; run < 3 && holdMs >= LONGEST_HOLD_MS / 2; run++) {
    const { holdMs: held, result } = await longestHold(() => exchange(ruleSet, { method: 'POST', headers, body }))
    holdMs = Math.min(holdMs, held)
    verdict = result.verdict.kind
    if (result.verdict.kind === 'failed' && result.verdict.ruleId !== 7) throw new Error(JSON.stringify(result.verdict))
  }
  return { holdMs, verdict }
}
