import t from 'tap'
import { CellMemory } from '../../src/waf/cell-memory.ts'
import { pairOf } from '../helpers/screening-pair.ts'

t.test('a value is kept from the third time on, and a long one never', async (t) => {
  const memory = new CellMemory('kept')
  const passing = [1, 2].map(() => memory.cellOf('value'))
  t.equal(new Set(passing).size, 2)
  for (const { findings } of passing) t.equal(findings, undefined, 'nothing is remembered of what came once or twice')
  const kept = memory.cellOf('value')
  t.ok(kept.findings)
  t.notOk(passing.includes(kept))
  t.equal(memory.cellOf('value'), kept)
  t.not(memory.cellOf('Value'), kept)
  for (let i = 0; i < 4; i++) t.equal(memory.cellOf('v'.repeat(300)).findings, undefined)
})

t.test('switched off, nothing is kept', async (t) => {
  const memory = new CellMemory('passing')
  const cells = [1, 2, 3].map(() => memory.cellOf('value'))
  t.equal(new Set(cells).size, 3)
  for (const { findings } of cells) t.equal(findings, undefined)
})

t.test('a flood of values empties the memory; what stays in use is kept', async (t) => {
  const memory = new CellMemory('kept')
  const kept = (value: string) => [1, 2, 3].map(() => memory.cellOf(value)).at(-1)
  const first = kept('first')
  const used = kept('used')
  for (let i = 0; i < 20_000; i++) {
    kept(`value ${i}`)
    if (i % 100 === 0) kept('used')
  }
  t.equal(kept('used'), used)
  t.not(kept('first'), first)
})

t.test('a flood of values does not fill the memory of the machine', async (t) => {
  const memory = new CellMemory('kept')
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 300_000; i++) {
    const value = `${i}${'x'.repeat(240)}`
    for (let times = 0; times < 3; times++) memory.cellOf(value)
  }
  const grownBytes = process.memoryUsage().heapUsed - before
  t.ok(grownBytes < 60_000_000, `${grownBytes} bytes more`)
})

/** The same values over and over, in transactions that take different rules, or targets of them, away. */
t.test('what is remembered of a value holds in every transaction', async (t) => {
  const pair = await pairOf(`SecAuditEngine On
    SecRule ARGS:remove "@streq rule" "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=10"
    SecRule ARGS_GET:remove "@streq target" "id:2,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10-12;REQUEST_HEADERS:X-A"
    SecRule ARGS_GET:remove "@streq rule" "id:3,phase:1,pass,nolog,ctl:ruleRemoveById=10"
    SecRule REQUEST_HEADERS "@rx attack(.)" "id:10,phase:1,pass,log,capture,t:lowercase,logdata:'%{tx.1}'"
    SecRule REQUEST_HEADERS "!@rx attack" "id:11,phase:1,pass,log,setvar:tx.clean=+1"
    SecRule REQUEST_HEADERS:/^X-/|!REQUEST_HEADERS:X-B "@rx attack" "id:12,phase:1,pass,log,t:none,multiMatch,t:lowercase"
    SecRule REQUEST_HEADERS:X-B "@rx attack" "id:13,phase:1,pass,log,t:lowercase,chain"
      SecRule REQUEST_HEADERS "@rx clean" "t:lowercase,chain"
      SecRule REQUEST_HEADERS "!@contains attack" "setvar:tx.last=%{MATCHED_VAR}"
    SecRule REQUEST_HEADERS "@contains %{ARGS_GET.word}" "id:14,phase:1,pass,log,setvar:tx.word=+1"
    SecRule RESPONSE_HEADERS|REQUEST_HEADERS "@rx attack" "id:15,phase:3,pass,log"`)
  const values = ['attack1', 'ATTACK2', 'clean', 'Clean attack', '', 'other']
  let matches = 0
  for (let i = 0; i < 400; i++) {
    const [a = '', b = '', c = ''] = [i, Math.floor(i / 6), Math.floor(i / 36) + i].map(
      (n) => values[n % values.length],
    )
    const target = `/?remove=${['no', 'rule', 'target'][i % 3]}&word=${['attack', 'clean', 'zzz'][i % 7] ?? ''}`
    const seen = await pair.compare(
      { target, headers: ['Host', 'shop.example', 'X-A', a, 'X-B', b, 'Y', c] },
      { headers: ['X-C', c, 'X-A', a] },
    )
    matches += seen.matched.length
    if (seen.screened !== seen.plain) t.equal(seen.screened, seen.plain, `transaction ${i}`)
  }
  t.ok(matches > 1_000, `${matches} matches`)
})

t.test('rule sets do not share what they remember', async (t) => {
  const request = { headers: ['Host', 'shop.example', 'X', 'attack'] }
  const one = await pairOf('SecRule REQUEST_HEADERS:X "@rx other" "id:1,phase:1,pass,log"')
  const other = await pairOf('SecRule REQUEST_HEADERS:X "@rx attack" "id:2,phase:1,pass,log"')
  for (let i = 0; i < 3; i++) {
    t.strictSame((await one.compare(request)).matched, [])
    const seen = await other.compare(request)
    t.strictSame(seen.matched, [2])
    t.equal(seen.screened, seen.plain)
  }
})
