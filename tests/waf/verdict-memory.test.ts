import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { exchange } from '../helpers/rule-engine.ts'

const SEED = 20_261_122
const RUNS = 2000
const files = [join(import.meta.dirname, '../../rules/acme-edge.conf')]

const piece = fc.constantFrom(
  'a',
  'Z',
  '1',
  ' ',
  "'",
  '"',
  '<script>',
  '</',
  '../',
  '%2e%2e%2f',
  'union select',
  'or 1=1',
  '--',
  '${jndi:',
  '{{7*7}}',
  ';cat /etc/passwd',
  '|id',
  'http://169.254.169.254/',
  '%00',
  '%zz',
  '+',
  '&#106;',
  '\\u003c',
  '.git',
  '.env',
)
const value = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''))

t.test('remembered misses change no verdict: the same rules match as with every comparison made', async (t) => {
  const remembering = await loadRuleSet({ files, mode: 'detect' })
  const comparing = await loadRuleSet({ files, mode: 'detect', trace: () => {} })
  let count = 0
  let matches = 0
  await fc.assert(
    fc.asyncProperty(value, value, value, value, async (path, query, agent, cookie) => {
      const request = {
        target: `/${path.replace(/[\r\n ?]/g, '')}?q=${query.replace(/[\r\n ]/g, '+')}`,
        headers: ['Host', 'shop.example', 'User-Agent', agent, 'Cookie', `c=${cookie}`, 'Referer', query],
      }
      const first = await exchange(remembering, request)
      const second = await exchange(remembering, request)
      const expected = await exchange(comparing, request)
      count++
      matches += expected.matched.length
      return isDeepStrictEqual([first.matched, second.matched], [expected.matched, expected.matched])
    }),
    { seed: SEED, numRuns: RUNS },
  )
  t.comment(`seed ${SEED}, ${count} requests, ${matches} matches`)
  t.equal(count, RUNS)
  t.ok(matches > RUNS, 'the requests were worth comparing')
})
