import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { exchange } from '../helpers/rule-engine.ts'

const SEED = 20_261_123
const RUNS = 3000

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array).toString('latin1'))
const fragment = fc.constantFrom(
  '{"a":[',
  '"',
  '}',
  ']',
  '\\u0000',
  '--b\r\n',
  '--b--',
  '\r\n\r\n',
  'Content-Disposition: form-data; name="',
  "; filename*=utf-8''x",
  'a=%',
  '&',
  '=',
  '%u00',
  '%00',
  ';',
  '<!DOCTYPE x [',
  '\xff\xfe',
)
const text = fc.array(fc.oneof(fragment, bytes(12)), { maxLength: 12 }).map((parts) => parts.join(''))
const contentType = fc.oneof(
  fc.constantFrom(
    'application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=b',
    'multipart/form-data',
    'text/plain',
    '',
  ),
  text,
)

t.test('whatever is sent, phases end in a verdict and lines stay lines', async (t) => {
  const rules = join(import.meta.dirname, '../../rules/acme-edge.conf')
  const ruleSet = await loadRuleSet({ files: [rules], mode: 'block' })
  // Without interruptions every rule of every phase sees it.
  const detecting = await loadRuleSet({ files: [rules], mode: 'detect' })
  const kinds = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(text, text, contentType, text, text, async (target, header, type, body, response) => {
      const headers = ['Host', header, 'Content-Type', type, header.slice(0, 8), header, 'Cookie', target]
      const request = { method: 'POST', target: `/${target}`, headers, body }
      const outcome = await exchange(ruleSet, request, { body: response, headers })
      const observed = await exchange(detecting, request, { body: response, headers })
      kinds.set(outcome.verdict.kind, (kinds.get(outcome.verdict.kind) ?? 0) + 1)
      JSON.stringify(outcome.audit)
      const lines = [...outcome.lines, ...observed.lines]
      return outcome.verdict.kind !== 'failed' && lines.every((line) => !/[^\x20-\x7e]|processing failed/.test(line))
    }),
    { seed: SEED, numRuns: RUNS },
  )
  t.comment(`seed ${SEED}, ${RUNS} exchanges: ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')}`)
  t.ok((kinds.get('pass') ?? 0) > RUNS / 100)
  t.ok((kinds.get('block') ?? 0) > RUNS / 100)
})
