import t from 'tap'
import { TextMemory } from '../../src/waf/text-memory.ts'

t.test('keeps what short texts lead to, and begins anew when it is full', async (t) => {
  const memory = new TextMemory<number>({ most: 3, longest: 20 })
  for (const [index, text] of ['', 'a', 'twenty bytes in all.'].entries()) {
    t.equal(memory.get(text), undefined)
    memory.keep(text, index)
    t.equal(memory.get(text), index)
  }
  memory.keep('one byte more than it', 7)
  t.equal(memory.get('one byte more than it'), undefined)
  t.equal(memory.get('a'), 1, 'a long one takes no place')
  memory.keep('b', 3)
  t.equal(memory.get('b'), 3)
  t.equal(memory.get('a'), undefined)
})
