import t from 'tap'
import { run } from '../helpers/rule-engine.ts'

/** What TX:0 holds, in phase 2, after a first rule has captured `before` and a second one with this operator has run. */
async function captured(operator: string, value: string): Promise<string> {
  const rules = `SecRule REQUEST_METHOD "@rx GET" "id:1,phase:1,pass,nolog,capture"
SecRule ARGS:a "${operator}" "id:2,phase:1,pass,nolog,capture,setvar:tx.matched=1"
SecRule TX:matched "@eq 1" "id:3,phase:1,pass,log,logdata:'%{TX.0}'"`
  const { lines } = await run(rules, { target: `/?a=${encodeURIComponent(value)}` })
  return /\[data "([^"]*)"/.exec(lines[0] ?? '')?.[1] ?? 'no match'
}

t.test('operators that find something within the value capture it', async (t) => {
  t.equal(await captured('@rx b.', 'abc'), 'bc')
  t.equal(await captured('@pm xyz BC', 'abc'), 'BC', 'as the rule spells it')
  t.equal(await captured('@verifyCC [0-9]{13,16}', 'x 4111111111111111'), '4111111111111111')
  t.equal(await captured('@verifySSN [0-9-]{11}', 'no 078-05-1120 x'), '078-05-1120')
  t.equal(await captured('@detectXSS', '<script>'), '<script>')
  t.equal(await captured('@detectSQLi', "a' or 'b"), 's&s')
})

t.test('an operator that looks at the value as a whole leaves TX:0 as it was', async (t) => {
  for (const operator of [
    '@streq 7',
    '@eq 7',
    '@contains 7',
    '@within 7',
    '!@rx x',
    '@unconditionalMatch',
    '@strmatch 7',
  ]) {
    t.equal(await captured(operator, '7'), 'GET', operator)
  }
})
