import t from 'tap'
import type { CollectionWrite } from '../../../src/waf/persistent/collection-change.ts'
import { collectionId } from '../../../src/waf/persistent/collection-id.ts'
import type { PersistentName } from '../../../src/waf/persistent/names.ts'
import { collectionLimits, PersistentCollections } from '../../../src/waf/persistent/persistent-collections.ts'

const id = (key: string, name: PersistentName = 'ip') => collectionId(name, key, '')
const at = { atMs: 1000, timeoutSeconds: 60, isFirst: true }

function set(memory: PersistentCollections, of: string, [name, value]: [string, string]): boolean {
  return memory.write({
    ...at,
    id: of,
    what: { kind: 'member', name, operation: { kind: 'set', value, atMs: at.atMs } },
  })
}

t.test('a flood of one kind of key pushes out the oldest of its kind, and nothing of the others', async (t) => {
  const memory = new PersistentCollections()
  set(memory, id('guessed', 'user'), ['failures', '9'])
  set(memory, id('first'), ['n', '1'])
  set(memory, id('looked at'), ['n', '1'])
  for (let i = 0; i < collectionLimits.collections - 2; i++) set(memory, id(`flood ${i}`), ['n', '1'])
  memory.open(id('looked at'), 1000)
  for (let i = 0; i < 100; i++) set(memory, id(`more ${i}`), ['n', '1'])
  t.equal(memory.size('ip'), collectionLimits.collections)
  t.equal(memory.find(id('first'), 1000), undefined)
  t.ok(memory.find(id('looked at'), 1000), 'what is in use stays')
  t.ok(memory.find(id('guessed', 'user'), 1000))
})

t.test('the bytes of a kind are bounded, counted as they are written', async (t) => {
  const memory = new PersistentCollections()
  const value = '\0'.repeat(collectionLimits.textBytes) // six bytes each in JSON
  for (let key = 0; key < 40; key++) {
    for (let name = 0; name < collectionLimits.names; name++) set(memory, id(`k${key}`), [`n${name}`, value])
  }
  const written = [...memory.ids('ip')].reduce((sum, each) => sum + JSON.stringify(memory.state(each)).length, 0)
  t.ok(memory.size('ip') >= 5, `${memory.size('ip')} collections are left`)
  t.ok(written < collectionLimits.bytes * 1.1, `${written} bytes`)
  for (const each of [...memory.ids('ip')]) memory.remove(each)
  for (let key = 0; key < 1000; key++) set(memory, id(`k${key}`), ['n', '1'])
  t.equal(memory.size('ip'), 1000, 'what is gone counts no longer')
})

t.test('a collection takes in so many names; expired ones make room', async (t) => {
  const notes: CollectionWrite[] = []
  const memory = new PersistentCollections({ note: (write) => notes.push(write) })
  const write = (
    name: string,
    atMs: number,
    operation: { kind: 'expire'; expiresAtMs: number } | { kind: 'add'; delta: number },
  ) => memory.write({ ...at, atMs, id: id('k'), what: { kind: 'member', name, operation: { ...operation, atMs } } })
  for (let i = 0; i < collectionLimits.names + 5; i++) write(`n${i}`, 1000, { kind: 'add', delta: 1 })
  t.equal(memory.find(id('k'), 1000)?.all(1000).length, collectionLimits.names)
  t.equal(notes.length, collectionLimits.names, 'what is not taken in is not told either')
  t.ok(write('n7', 1000, { kind: 'add', delta: 1 }), 'known names go on')
  write('n7', 1000, { kind: 'expire', expiresAtMs: 2000 })
  t.notOk(write('new', 1999, { kind: 'add', delta: 1 }))
  t.ok(write('new', 2000, { kind: 'add', delta: 1 }))
  t.equal(memory.member(id('k'), 'new', 2000)?.value, '1')
})

t.test('a state brings a collection elsewhere; a partial one leaves the other members alone', async (t) => {
  const memory = new PersistentCollections()
  for (const [name, value] of [
    ['A', '1'],
    ['b', '\xff\n'],
  ] as [string, string][])
    set(memory, id('k'), [name, value])
  const other = new PersistentCollections()
  const complete = memory.state(id('k'))
  if (complete === undefined) return t.fail('there is a state')
  t.ok(other.put(JSON.parse(JSON.stringify(complete))))
  t.strictSame(other.state(id('k')), complete)
  set(other, id('k'), ['c', '3'])
  set(memory, id('k'), ['a', '2'])
  memory.write({ ...at, id: id('k'), what: { kind: 'member', name: 'b', operation: { kind: 'delete', atMs: 1000 } } })
  const partial = memory.state(id('k'), new Set(['a', 'b']))
  if (partial === undefined) return t.fail('there is a state')
  t.notOk(other.put(JSON.parse(JSON.stringify(partial))), 'nothing else is replaced')
  t.strictSame(
    other
      .find(id('k'), 1000)
      ?.all(1000)
      .map(({ name, value }) => [name, value]),
    [
      ['A', '2'],
      ['c', '3'],
    ],
  )
})
