import t from 'tap'
import { collectionId, isCollectionId, nameOf } from '../../../src/waf/persistent/collection-id.ts'

t.test('two collections never share an id', async (t) => {
  const ids = [
    collectionId('ip', 'a', 'default'),
    collectionId('global', 'a', 'default'),
    collectionId('ip', ' a', 'default'),
    collectionId('ip', 'a ', 'default'),
    collectionId('ip', '', 'default'),
    collectionId('session', 'a', 'default'),
    collectionId('session', 'a', 'shop'),
    collectionId('session', 'shop a', ''),
    collectionId('session', 'a', 'shop a'),
    collectionId('session', 'x'.repeat(5000), 'shop'),
    collectionId('session', `${'x'.repeat(5000)}y`, 'shop'),
    collectionId('session', '\xff\0', 'shop'),
    collectionId('session', '\xff', 'shop'),
  ]
  t.equal(new Set(ids).size, ids.length)
  t.ok(ids.every(isCollectionId))
})

t.test('SecWebAppId separates SESSION, USER and RESOURCE, not IP and GLOBAL', async (t) => {
  for (const name of ['session', 'user', 'resource'] as const)
    t.not(collectionId(name, 'k', 'shop'), collectionId(name, 'k', 'blog'), name)
  for (const name of ['ip', 'global'] as const)
    t.equal(collectionId(name, 'k', 'shop'), collectionId(name, 'k', 'blog'), name)
})

t.test('an id says its collection and does not show its key', async (t) => {
  const id = collectionId('session', 'secret-session-token', 'shop')
  t.equal(nameOf(id), 'session')
  t.notMatch(id, /secret/)
  for (const text of ['', 'ip', 'ip:', 'tx:abc', `${id}x`, id.replace('session', 'sessions'), `${id}\n`])
    t.notOk(isCollectionId(text), JSON.stringify(text))
})
