import t from 'tap'
import { choose, parseOptions } from '../../bench/options.ts'

t.test('options with values, flags and lists', async (t) => {
  const options = parseOptions(['--rounds', '3', '--json', '--workloads', 'get, form'], ['rounds', 'workloads'])
  t.equal(options.number('rounds', 1), 3)
  t.equal(options.number('seconds', 5), 5)
  t.ok(options.has('json'))
  t.strictSame(options.list('workloads'), ['get', 'form'])
  t.equal(options.list('proxies'), undefined)
})

t.test('a wrong word is refused, not ignored', async (t) => {
  t.throws(() => parseOptions(['--round', '3'], ['rounds']), { name: 'UsageError' })
  t.throws(() => parseOptions(['--rounds'], ['rounds']), { name: 'UsageError' })
  t.throws(() => parseOptions(['engin'], []), { name: 'UsageError' })
  t.throws(() => parseOptions(['--rounds', 'many'], ['rounds']).number('rounds', 1), { name: 'UsageError' })
  t.throws(() => parseOptions(['--rounds', '0'], ['rounds']).number('rounds', 1), { name: 'UsageError' })
  t.throws(() => choose([{ name: 'get' }], ['got']), { name: 'UsageError' })
})
