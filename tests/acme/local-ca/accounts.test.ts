import t from 'tap'
import { newKey, refused, startLocalCa } from './local-ca.ts'

t.test('one key has one account', async (t) => {
  const ca = await startLocalCa(t)
  const key = await newKey()
  const url = String(ca.directory.newAccount)
  const missing = await ca.post({ url, key, payload: { onlyReturnExisting: true } })
  refused(t, missing, { type: 'accountDoesNotExist', status: 400, name: 'nothing to return' })
  const created = await ca.post({ url, key, payload: { contact: ['mailto:ops@demo.example'] } })
  t.equal(created.status, 201)
  t.match(created.json, { status: 'valid', contact: ['mailto:ops@demo.example'] })
  const again = await ca.post({
    url,
    key,
    payload: { onlyReturnExisting: true, contact: ['mailto:other@demo.example'] },
  })
  t.equal(again.status, 200)
  t.equal(again.headers.get('location'), created.headers.get('location'))
  t.same(again.json.contact, ['mailto:ops@demo.example'], 'finding an account does not change it')
})

t.test('contacts are checked and updated', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const cases: { contact: unknown; type: string }[] = [
    { contact: ['tel:+123'], type: 'unsupportedContact' },
    { contact: ['mailto:a@b.example,c@d.example'], type: 'invalidContact' },
    { contact: ['mailto:a@b.example?subject=x'], type: 'invalidContact' },
    { contact: ['mailto:nobody'], type: 'invalidContact' },
    { contact: ['mailto:a\n@b.example'], type: 'invalidContact' },
    { contact: [7], type: 'malformed' },
    { contact: 'mailto:a@b.example', type: 'malformed' },
    { contact: Array.from({ length: 11 }, () => 'mailto:a@b.example'), type: 'malformed' },
  ]
  let ran = 0
  for (const { contact, type } of cases) {
    refused(t, await account.post(account.kid, { contact }), { type, status: 400, name: JSON.stringify(contact) })
    ran++
  }
  t.equal(ran, 8)
  t.same((await account.post(account.kid, { contact: ['mailto:a@b.example'] })).json.contact, ['mailto:a@b.example'])
  t.same((await account.post(account.kid)).json.contact, ['mailto:a@b.example'])
  t.same((await account.post(account.kid, { contact: [] })).json.contact, [])
})

t.test('a deactivated account can do nothing more', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const name = 'status'
  refused(t, await account.post(account.kid, { status: 'revoked' }), { type: 'malformed', status: 400, name })
  t.equal((await account.post(account.kid, { status: 'deactivated' })).json.status, 'deactivated')
  const order = await account.post(ca.directory.newOrder, { identifiers: [{ type: 'dns', value: 'demo.localhost' }] })
  refused(t, order, { type: 'unauthorized', status: 403, name: 'order' })
  const found = await ca.post({ url: String(ca.directory.newAccount), key: account.key, payload: {} })
  refused(t, found, { type: 'unauthorized', status: 403, name: 'newAccount' })
})

t.test('an account lists its own orders', async (t) => {
  const ca = await startLocalCa(t)
  const [account, other] = [await ca.enrol(await newKey()), await ca.enrol(await newKey())]
  const payload = { identifiers: [{ type: 'dns', value: 'demo.localhost' }] }
  const order = await account.post(ca.directory.newOrder, payload)
  await other.post(ca.directory.newOrder, payload)
  const list = await account.post(account.created.json.orders)
  t.same(list.json.orders, [order.headers.get('location')])
  const foreign = await other.post(account.created.json.orders)
  refused(t, foreign, { type: 'unauthorized', status: 403, name: 'another account' })
})
