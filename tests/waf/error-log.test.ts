import fc from 'fast-check'
import t from 'tap'
import { exchange, load, run } from '../helpers/rule-engine.ts'

const SEED = 20_261_122

t.test('a line has all of ModSecurity’s fields', async (t) => {
  const ruleSet = await load(
    `SecRule ARGS "@rx (evil)" "id:942100,phase:2,deny,log,capture,rev:2,ver:'V/1',maturity:3,accuracy:8,severity:CRITICAL,msg:'SQL %{TX.1}',logdata:'%{MATCHED_VAR}',tag:'a/b',tag:'c'"`,
    { now: () => Date.UTC(2026, 10, 22, 12, 0, 0, 7) },
  )
  const { lines } = await exchange(ruleSet, { target: '/p?q=evil' })
  t.equal(
    lines[0]?.replace(/^\[[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d\.007000 \d{4}\]/, '[T]'),
    '[T] [client 192.0.2.1] ModSecurity: Access denied with code 403 (phase 2). Matched "Operator `Rx\' with parameter ' +
      "`(evil)' against variable `ARGS:q' (Value: `evil' ) " +
      '[file "/rules/test.conf"] [line "1"] [id "942100"] [rev "2"] [msg "SQL evil"] [data "evil"] [severity "2"] ' +
      '[ver "V/1"] [maturity "3"] [accuracy "8"] [tag "a/b"] [tag "c"] [hostname "shop.example"] [uri "/p"] ' +
      '[unique_id "test-1"] [ref "o0,4o0,4v9,4"]',
  )
})

t.test('nothing of a request can look like a field or a line', async (t) => {
  const rules = await load(
    `SecRule ARGS|ARGS_NAMES|REQUEST_URI "@rx ." "id:7,phase:1,pass,log,msg:'m %{MATCHED_VAR}',logdata:'%{MATCHED_VAR_NAME}',tag:'%{MATCHED_VAR}'"`,
  )
  const hostile = fc.string({
    unit: fc.constantFrom('"', ']', '[', '\\', '\n', '\r', '\0', ' ', "'", '`', '\xff', 'id', '999'),
  })
  let count = 0
  await fc.assert(
    fc.asyncProperty(hostile, hostile, async (name, value) => {
      count++
      const percent = (text: string) => Buffer.from(text, 'latin1').toString('hex').replace(/../g, '%$&')
      const { lines } = await exchange(rules, {
        target: `/${value.replace(/[\n\r]/g, '')}?${percent(name)}=${percent(value)}`,
        headers: ['Host', value],
      })
      for (const line of lines) {
        if (/[^\x20-\x7e]/.test(line)) return false
        // The fields as a log reader finds them: exactly ours, in our order.
        const names = [...line.matchAll(/\[([a-z_]+) "(?:[^"\\]|\\.)*"\]/g)].map((field) => field[1]).join(' ')
        if (names !== 'file line id rev msg data severity ver maturity accuracy tag hostname uri unique_id ref')
          return false
        if (/\[id "999/.test(line)) return false
      }
      return lines.length > 0
    }),
    { seed: SEED, numRuns: 500 },
  )
  t.comment(`seed ${SEED}, ${count} requests`)
  t.equal(count, 500)
})

t.test('long values are cut, not the line', async (t) => {
  const { lines } = await run(`SecRule ARGS:a "@rx x" "id:1,phase:1,pass,msg:'%{ARGS.a}',logdata:'%{ARGS.a}'"`, {
    target: `/?a=${'x'.repeat(8000)}`,
  })
  t.ok((lines[0]?.length ?? 0) < 4000)
  t.match(lines[0], /characters omitted/)
})

t.test('only rules with log are logged; matched ids are those that log or interrupt', async (t) => {
  const { logged, matched } = await run(`SecAction "id:1,phase:1,pass,nolog"
    SecAction "id:2,phase:1,pass,log"
    SecAction "id:3,phase:1,deny,nolog"`)
  t.same(logged, [2])
  t.same(matched, [2, 3])
})
