import t from 'tap'
import { attackExchange, attackStrings, places } from './attack-exchange.ts'
import { coreRuleSet } from './core-rule-set.ts'
import { divergences } from './divergences/index.ts'
import { Engines } from './engines.ts'
import { Oracle } from './oracle.ts'
import { findPython } from './python.ts'
import { Random } from './random.ts'
import { differentialRun } from './run.ts'
import { count, describeTally, newTally } from './tally.ts'

/** Those that this rule set and these requests meet; each twin of the whole set takes a second to load. */
const ENTRIES = [5, 10, 12, 13, 16, 20]
const candidates = divergences.filter(({ entry }) => ENTRIES.includes(entry))

const found = findPython()
const strings = attackStrings()
const missing = 'skip' in found ? found.skip : false
if (missing !== false && process.env.CI === 'true') t.fail(missing)
const skip = missing || (strings === undefined ? 'the Core Rule Set is not beside this repository' : false)

t.test(
  'the Core Rule Set says of attacks and of harmless text what it says in ModSecurity',
  { skip, timeout: 1_800_000 },
  async (t) => {
    if ('skip' in found || strings === undefined) return
    const { seed, count: wanted } = differentialRun({ usual: 200, full: 4_000 })
    t.comment(`ACME_EDGE_TEST_SEED=${seed}`)
    const random = new Random(seed)
    const oracle = new Oracle(found.python)
    t.teardown(() => oracle.close())
    const engines = new Engines(oracle)
    const tally = newTally()
    for (const level of [1, 4]) {
      const rules = coreRuleSet(level)
      const exchanges = random.list(wanted / 2, wanted / 2, () =>
        attackExchange(random.pick(strings), random.pick(places)),
      )
      const comparisons = await engines.compareAll(rules, exchanges)
      for (const [place, comparison] of comparisons.entries()) {
        const exchange = exchanges[place]
        if (exchange !== undefined)
          await count(tally, { rules, exchange }, comparison, { engines, divergences: candidates })
      }
    }
    t.comment(describeTally(tally))
    const unexplained = tally.unexplained.map((text) => text.slice(text.lastIndexOf('\n{')))
    t.strictSame(unexplained, [], `every difference has an entry (ACME_EDGE_TEST_SEED=${seed})`)
    t.equal(tally.compared, wanted, 'all were compared')
    t.ok(tally.agreed > tally.compared * 0.85, `${tally.agreed} agree outright`)
  },
)
