import t from 'tap'
import { CellMemory } from '../../src/waf/cell-memory.ts'
import { RequestParts } from '../../src/waf/request-parts.ts'
import { run } from '../helpers/rule-engine.ts'

const processorOf = (types: readonly string[], jsonByType = false) => {
  const headers = types.flatMap((type) => ['Content-Type', type])
  const endpoint = { address: '127.0.0.1', port: 1 }
  const head = { id: '1', receivedAtMs: 0, client: endpoint, server: endpoint, method: 'POST', target: '/' }
  return new RequestParts(
    { ...head, protocol: 'HTTP/1.1', headers },
    { separator: '&', cells: new CellMemory('kept') },
  ).bodyProcessor(jsonByType)
}

t.test('a form stays a form, whatever stands around its type', (t) => {
  const form = 'application/x-www-form-urlencoded'
  const spellings = [
    ...[
      form,
      form.toUpperCase(),
      ` ${form}`,
      `${form};charset=utf-8`,
      `${form} ;x`,
      `${form},x`,
      `${form}, text/plain`,
    ],
    // PHP reads the type up to a space, a comma or a semicolon.
    ...[`${form} text/plain`, `${form}\tx`, `text/plain,${form}`, `text/plain; x="a, ${form}`],
  ]
  for (const spelling of spellings) t.equal(processorOf([spelling]), 'URLENCODED', JSON.stringify(spelling))
  t.equal(processorOf(['text/plain', form]), 'URLENCODED', 'a second field')
  for (const other of [`${form}x`, `x${form}`, 'application/x-www-form-urlencode', `text/${form}`]) {
    t.equal(processorOf([other]), '', other)
  }
  t.end()
})

t.test('documents are told by their type where a rule would not see it', (t) => {
  t.equal(processorOf(['application/json']), '', 'left to a rule')
  t.equal(processorOf(['application/json'], true), 'JSON')
  t.equal(processorOf(['application/json text/plain'], true), 'JSON')
  t.equal(processorOf(['text/plain, application/vnd.api+json']), 'JSON')
  t.equal(processorOf(['text/plain, application/soap+xml; charset=utf-8']), 'XML')
  t.equal(processorOf(['multipart/form-data; boundary=a, application/json']), 'MULTIPART')
  t.end()
})

t.test('such a form is inspected', async (t) => {
  const headers = ['Content-Type', 'application/x-www-form-urlencoded x']
  const rules = 'SecRule ARGS_POST "@streq attack" "id:1,phase:2,deny"'
  t.match(await run(rules, { method: 'POST', headers, body: 'a=att%61ck' }), { verdict: { kind: 'block' } })
})
