import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { expandRules } from '../../../src/cli/test-files.ts'
import { attackStrings, mutate, places } from '../../helpers/attack-requests.ts'
import { coreRuleSetFiles, coreRuleSetTests } from '../../helpers/core-rule-set.ts'
import { coreRuleSetExchanges } from '../../helpers/core-rule-set-requests.ts'
import { corpora } from '../../helpers/detector-cases.ts'
import { type Random, randomFrom } from '../../helpers/random.ts'
import type { TestRequest, TestResponse } from '../../helpers/rule-engine.ts'
import { isFullRun, runSize } from '../../helpers/run-size.ts'
import { loadPair, type ScreeningPair } from '../../helpers/screening-pair.ts'

/**
 * Screening passes over rules that no value can match. Nobody may be able to tell: what matched, in which order, what was
 * logged, recorded and counted has to be the same, byte for byte, as when every rule is asked about every value.
 */
const isComplete = existsSync(coreRuleSetTests) && corpora !== undefined
const skip = isComplete ? false : 'the Core Rule Set is not beside this repository'
t.setTimeout(3_600_000)
const { seed } = runSize({ usual: 0, full: 0 })

/** Servers' ports choose paranoia level (last digit) and engine (8100 and above: it blocks). */
const PORTS = [8001, 8002, 8003, 8004, 8101, 8102, 8103, 8104] as const
const levels = PORTS.map((port, index) => {
  const level = port % 10
  const both = ['blocking', 'detection'].map((kind) => `setvar:tx.${kind}_paranoia_level=${level}`)
  const engine = port > 8100 ? ',ctl:ruleEngine=On' : ''
  return `SecRule SERVER_PORT "@eq ${port}" "id:${990_001 + index},phase:1,pass,nolog,t:none,${both}${engine}"`
})
const audit = 'SecAuditEngine On\nSecAuditLogParts ABCDEFHIJKZ'

interface Run {
  readonly pair: ScreeningPair
  readonly random: Random
  exchanges: number
  matches: number
  readonly ids: Set<number>
  readonly differences: string[]
}

function start(pair: ScreeningPair): Run {
  return { pair, random: randomFrom(seed), exchanges: 0, matches: 0, ids: new Set(), differences: [] }
}

async function compare(run: Run, name: string, request: TestRequest, response?: TestResponse): Promise<void> {
  const { screened, plain, matched } = await run.pair.compare(request, response)
  run.exchanges++
  run.matches += matched.length
  for (const id of matched) run.ids.add(id)
  if (screened === plain || run.differences.length >= 20) return
  run.differences.push(`${name}: ${JSON.stringify(request)}\n  with:    ${screened}\n  without: ${plain}`)
}

function onPort(request: TestRequest, port: number): TestRequest {
  return { ...request, server: { address: '198.51.100.1', port } }
}

function loadCoreRuleSet(options: { elapsed?: () => number } = {}): Promise<ScreeningPair> {
  const files = expandRules(coreRuleSetFiles)
  const settings = files.find((file) => file.endsWith('crs-test-settings.conf'))
  const readFile = (path: string): string => {
    const text = readFileSync(path, 'latin1')
    return path === settings ? `${text}\n${levels.join('\n')}\n${audit}\n` : text
  }
  return loadPair({ files, readFile, ...options })
}

t.test('the Core Rule Set', { skip, timeout: 3_000_000 }, async (t) => {
  t.comment(`seed ${seed}`)
  const pair = await loadCoreRuleSet()

  await t.test('its own tests, at every paranoia level', async (t) => {
    const run = start(pair)
    const exchanges = await coreRuleSetExchanges()
    for (const [index, { name, request, response }] of exchanges.entries()) {
      for (const port of PORTS) {
        // Without time for all, a third of the requests at one level each: others with every seed.
        const isDue = isFullRun || (index + seed) % (PORTS.length * 3) === PORTS.indexOf(port) * 3
        if (isDue) await compare(run, `${name} on ${port}`, onPort(request, port), response)
      }
    }
    t.ok(exchanges.length > 3_500, `${exchanges.length} requests`)
    if (isFullRun) t.equal(run.exchanges, exchanges.length * PORTS.length)
    t.ok(run.exchanges > 1_100, `${run.exchanges} exchanges`)
    t.ok(run.ids.size > (isFullRun ? 280 : 150), `${run.ids.size} rules matched`)
    t.ok(run.matches > run.exchanges * 2, `${run.matches} matches`)
    t.strictSame(run.differences, [])
  })

  await t.test('attacks in every place of a request', async (t) => {
    const run = start(pair)
    const strings = attackStrings(corpora ?? '')
    const names = Object.keys(places)
    for (const [index, text] of strings.entries()) {
      for (const [offset, name] of names.entries()) {
        const isDue = isFullRun || (index + offset + seed) % (names.length * 8) === 0
        if (isDue) await compareIn(run, name, text)
      }
    }
    t.ok(strings.length > 3_000, `${strings.length} strings`)
    if (isFullRun) t.equal(run.exchanges, strings.length * names.length)
    t.ok(run.exchanges > strings.length / 10, `${run.exchanges} exchanges`)
    t.ok(run.matches > run.exchanges * 4, `${run.matches} matches`)
    t.strictSame(run.differences, [])
  })

  await t.test('neighbours of attacks', async (t) => {
    const run = start(pair)
    const strings = attackStrings(corpora ?? '')
    const count = isFullRun ? 40_000 : 500
    while (run.exchanges < count)
      await compareIn(run, run.random.pick(Object.keys(places)), mutate(strings, run.random))
    t.ok(run.matches > count * 4, `${run.matches} matches`)
    t.strictSame(run.differences, [])
  })
})

async function compareIn(run: Run, name: string, text: string): Promise<void> {
  const request = places[name]?.(text)
  if (request !== undefined) await compare(run, name, onPort(request, run.random.pick(PORTS)))
}

t.test('the Core Rule Set when the time slice is over again and again', { skip, timeout: 600_000 }, async (t) => {
  let now = 0
  const run = start(
    await loadCoreRuleSet({
      elapsed: () => {
        now += 7 // of a slice of 10
        return now
      },
    }),
  )
  const exchanges = await coreRuleSetExchanges()
  const step = isFullRun ? 1 : 29
  for (let index = seed % step; index < exchanges.length; index += step) {
    const { name, request, response } = exchanges[index] as (typeof exchanges)[number] // below its length
    await compare(run, name, onPort(request, run.random.pick(PORTS)), response)
  }
  t.ok(run.exchanges >= Math.floor(exchanges.length / step), `${run.exchanges} exchanges`)
  t.ok(run.matches > run.exchanges * 2, `${run.matches} matches`)
  t.strictSame(run.differences, [])
})

t.test('the rules that come with the product', { skip, timeout: 600_000 }, async (t) => {
  const shipped = readFileSync(join(import.meta.dirname, '../../../rules/acme-edge.conf'), 'latin1')
  const run = start(await loadPair({ files: ['/rules/acme-edge.conf'], readFile: () => `${shipped}\n${audit}\n` }))
  const strings = attackStrings(corpora ?? '')
  for (const { name, request, response } of await coreRuleSetExchanges()) await compare(run, name, request, response)
  for (const [index, text] of strings.entries()) {
    for (const [offset, name] of Object.keys(places).entries()) {
      const isDue = isFullRun || (index + offset + seed) % 12 === 0
      if (isDue) await compareIn(run, name, text)
    }
  }
  t.ok(run.exchanges > 6_000, `${run.exchanges} exchanges`)
  t.ok(run.ids.size >= 5, `${run.ids.size} rules matched`)
  t.ok(run.matches > 1_000, `${run.matches} matches`)
  t.strictSame(run.differences, [])
})
