import t from 'tap'
import type { Verdict } from '../../src/http.ts'
import { payloads } from './attacks.ts'
import { benign } from './benign.ts'
import { inspect, loadShippedRules, show } from './inspect.ts'
import { type Place, places } from './places.ts'
import { refused } from './refused.ts'
import { shippedRules } from './shipped-rules.ts'

const rules = await loadShippedRules()
const matched = new Set<number>()

/** A path is not a place that an origin fetches a URL from. */
const notLookedAt: Readonly<Record<string, readonly Place[]>> = { ssrf: ['path segment'] }

t.test('ordinary traffic passes', async (t) => {
  for (const [name, probe] of benign) t.equal(show(await inspect(rules, probe)), 'pass', name)
  t.equal(benign.length, 126, 'number of requests')
})

t.test('a request that is wrong in itself is refused by the rule meant for it', async (t) => {
  for (const [name, probe, ruleId] of refused) {
    const verdict = await inspect(rules, probe)
    remember(verdict)
    t.equal(show(verdict), `block ${ruleId}`, name)
  }
  t.equal(refused.length, 132, 'number of requests')
})

t.test('every payload is refused in every place of a request', async (t) => {
  let sent = 0
  for (const [category, list] of Object.entries(payloads)) {
    for (const payload of list) {
      for (const [place, verdict] of await sendEverywhere(category, payload)) {
        remember(verdict)
        t.equal(verdict.kind, 'block', `${category} in ${place}: ${payload}`)
        sent++
      }
    }
    t.ok(list.length >= 6, `${category}: ${list.length} payloads`)
  }
  t.equal(sent, 2635, 'number of requests')
})

t.test('every rule has refused something above', async (t) => {
  const blocking = shippedRules().filter(({ actions }) => actions.has('block'))
  for (const { id } of blocking) t.ok(matched.has(id), `rule ${id}`)
  t.equal(blocking.length, 78, 'number of rules that block')
})

async function sendEverywhere(category: string, payload: string): Promise<[place: string, verdict: Verdict][]> {
  const answers: [string, Verdict][] = []
  for (const [place, build] of Object.entries(places)) {
    if (!notLookedAt[category]?.some((name) => name === place))
      answers.push([place, await inspect(rules, build(payload))])
  }
  return answers
}

function remember(verdict: Verdict): void {
  if (verdict.kind === 'block') matched.add(verdict.ruleId)
}
