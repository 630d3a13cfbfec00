import t from 'tap'
import { inspect } from '../../../bench/engine/own-engine.ts'
import type { BenchRequest } from '../../../bench/requests/bench-request.ts'
import { Values } from '../../../bench/requests/values.ts'
import { engineWorkloads } from '../../../bench/requests/workloads.ts'
import { shippedRules } from '../../../src/config/paths.ts'
import { loadRuleSet } from '../../../src/waf/rule-set.ts'

/** What may come again: a host, a coding and a media type are the same in each request of a shop. */
const fixed = new Set(['host', 'accept-encoding', 'content-type', 'content-length'])

t.test('no value of a workload comes twice, so that no memory can help', async (t) => {
  for (const { name, benign } of engineWorkloads) {
    const values = new Values(1)
    const seen = new Set<string>()
    let looked = 0
    for (let i = 0; i < 200; i++) {
      for (const value of valuesOf(benign(values))) {
        looked++
        t.notOk(seen.has(value), `${name}: ${value} comes twice`)
        seen.add(value)
      }
    }
    t.ok(looked >= 200 * 6, `${name}: ${looked} values looked at`)
  }
})

t.test('the same seed gives the same bytes, another one others', async (t) => {
  for (const { name, benign } of engineWorkloads) {
    t.strictSame(benign(new Values(5)), benign(new Values(5)), name)
    t.notSame(benign(new Values(5)), benign(new Values(6)), name)
  }
})

t.test('the workloads are as large as they are said to be', async (t) => {
  const [get, form, json, page] = engineWorkloads.map(({ benign }) => benign(new Values(1)))
  t.equal(get?.body, undefined)
  t.equal(form?.body?.toString().split('&').length, 12)
  const order: unknown = JSON.parse(json?.body?.toString() ?? '')
  t.equal((order as { order: { items: unknown[] } }).order.items.length, 100)
  t.ok(Math.abs((json?.body?.length ?? 0) - 7_168) < 512, `${json?.body?.length} bytes of JSON`)
  t.ok(Math.abs((page?.response.body.length ?? 0) - 10_240) < 512, `${page?.response.body.length} bytes of page`)
  for (const request of [form, json]) t.ok(hasItsLength(request), 'Content-Length is that of the body')
})

t.test('the shipped rules block what they know of the attacks and nothing else', async (t) => {
  const rules = await loadRuleSet({ files: [shippedRules], mode: 'block' })
  for (const { name, benign, attack } of engineWorkloads) {
    const values = new Values(2)
    for (let i = 0; i < 50; i++) t.equal((await inspect(rules, benign(values))).blocked, false, name)
    if (name !== 'page') t.equal((await inspect(rules, attack(values))).blocked, true, `${name}: the attack`)
  }
})

/** The values that rules look at as a whole: header fields, and the query's. */
function* valuesOf({ target, headers }: BenchRequest): Generator<string> {
  yield target
  for (let i = 0; i < headers.length; i += 2)
    if (!fixed.has((headers[i] ?? '').toLowerCase())) yield headers[i + 1] ?? ''
}

function hasItsLength(request: BenchRequest | undefined): boolean {
  const at = request?.headers.indexOf('Content-Length') ?? -1
  return Number(request?.headers[at + 1]) === request?.body?.length
}
