import fc from 'fast-check'
import t from 'tap'
import { formatCollection, parseCollection } from '../../src/collections/collection-lines.ts'
import type { CollectionState } from '../../src/waf/persistent/collection-change.ts'
import { collectionId } from '../../src/waf/persistent/collection-id.ts'

const oneByteText = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1'))
const time = fc.integer({ min: 0, max: 2 ** 45 })
const state: fc.Arbitrary<CollectionState> = fc.record(
  {
    id: oneByteText.map((key) => collectionId('session', key, 'app')),
    createdAtMs: time,
    updatedAtMs: time,
    updates: time,
    ownTimeoutSeconds: time,
    expiresAtMs: time,
    isComplete: fc.constant(true),
    members: fc.array(
      fc.record(
        { name: oneByteText, value: oneByteText, expiresAtMs: time, sinceMs: time },
        { requiredKeys: ['name', 'sinceMs'] },
      ),
    ),
  },
  { requiredKeys: ['id', 'createdAtMs', 'updatedAtMs', 'updates', 'expiresAtMs', 'isComplete', 'members'] },
)

t.test('a collection is one line, and comes back as it was', async (t) => {
  let ran = 0
  fc.assert(
    fc.property(state, (collection) => {
      const line = formatCollection(collection)
      ran++
      t.notMatch(line, /\n/)
      t.same(parseCollection(line), collection)
    }),
  )
  t.ok(ran >= 100)
})

t.test('any other text is no collection', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      if (parseCollection(text) !== undefined) t.fail(text)
    }),
    { numRuns: 1000 },
  )
  t.equal(parseCollection(''), undefined)
})
