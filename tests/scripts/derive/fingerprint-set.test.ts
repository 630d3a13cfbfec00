import t from 'tap'
import { benignProse } from '../../../scripts/derive/benign-prose.ts'
import { fingerprintsOfGrammar, learn } from '../../../scripts/derive/fingerprint-set.ts'
import { injections } from '../../../scripts/derive/injection-grammar.ts'
import { findSqlInjection } from '../../../src/waf/detect/sqli/find-sql-injection.ts'

t.test('the grammar gives the same sentences each time', async (t) => {
  const sentences = [...injections(2000)]
  t.same(sentences, [...injections(2000)])
  t.ok(new Set(sentences).size > 1000)
})

t.test('attacks add fingerprints, harmless text takes them away', async (t) => {
  const grammar = fingerprintsOfGrammar(5000)
  t.ok(grammar.has('1&1') && grammar.size > 500, `${grammar.size} fingerprints`)
  const attack = '1;select x from y where z'
  t.ok(learn(new Set(), [attack], []).has('1;Enk'))
  t.notOk(learn(new Set(['1;Enk']), [], [attack]).has('1;Enk'))
  t.notOk(learn(new Set(), ['a b'], []).has('nn'), 'words alone are no attack')
})

t.test('own prose is seldom taken for an attack', async (t) => {
  const prose = benignProse()
  const wrong = prose.filter((value) => findSqlInjection(value) !== undefined)
  t.ok(prose.length > 20_000, `${prose.length} lines`)
  t.ok(wrong.length < prose.length / 300, `${wrong.length} of ${prose.length}`)
})
