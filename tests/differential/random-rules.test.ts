import t from 'tap'
import { divergences } from './divergences/index.ts'
import { Engines } from './engines.ts'
import { Oracle } from './oracle.ts'
import { findPython } from './python.ts'
import { Random } from './random.ts'
import { randomExchange } from './random-exchange.ts'
import { randomRules } from './random-rules.ts'
import { differentialRun } from './run.ts'
import { count, describeTally, newTally } from './tally.ts'

const EXCHANGES_PER_RULE_SET = 8
/** More would bury the first. */
const MOST_UNEXPLAINED = 5

const found = findPython()
const skip = 'skip' in found ? found.skip : false
if (skip !== false && process.env.CI === 'true') t.fail(skip)

t.test('random rules match random exchanges as in ModSecurity', { skip, timeout: 1_800_000 }, async (t) => {
  if ('skip' in found) return
  const { seed, count: wanted } = differentialRun({ usual: 1_600, full: 18_000 })
  t.comment(`ACME_EDGE_TEST_SEED=${seed}`)
  const oracle = new Oracle(found.python)
  t.teardown(() => oracle.close())
  const engines = new Engines(oracle)
  const tally = newTally()
  for (let i = 0; tally.compared < wanted && tally.unexplained.length < MOST_UNEXPLAINED; i++) {
    const random = new Random(seed + i)
    const rules = randomRules(random)
    const exchanges = random.list(EXCHANGES_PER_RULE_SET, EXCHANGES_PER_RULE_SET, () => randomExchange(random))
    const comparisons = await engines.compareAll(rules, exchanges)
    for (const [place, comparison] of comparisons.entries()) {
      const exchange = exchanges[place]
      if (exchange !== undefined) await count(tally, { rules, exchange }, comparison, { engines, divergences })
    }
  }
  t.comment(describeTally(tally))
  t.strictSame(tally.unexplained, [], `every difference has an entry (ACME_EDGE_TEST_SEED=${seed})`)
  t.ok(tally.compared >= wanted, `${tally.compared} exchanges were compared`)
  t.ok(tally.agreed > tally.compared * 0.85, `${tally.agreed} agree outright`)
  const refused = [...tally.incomparable.values()].reduce((sum, number) => sum + number, 0)
  t.ok(refused < tally.compared * 0.03, `only ${refused} could not be compared`)
  const ours = [...tally.incomparable.keys()].filter((reason) => reason.startsWith('acme-edge'))
  t.strictSame(ours, [], 'acme-edge takes all these rules')
})
