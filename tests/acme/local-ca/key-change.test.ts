import t from 'tap'
import { newKey, refused, sign, startLocalCa, type TestKey } from './local-ca.ts'

t.test('an account moves to a new key when both keys agree', async (t) => {
  const ca = await startLocalCa(t)
  const url = String(ca.directory.keyChange)
  const [account, other] = [await ca.enrol(await newKey()), await ca.enrol(await newKey())]
  const newer = await newKey('EdDSA')
  const inner = (key: TestKey, payload: object = {}, header: object = {}) =>
    sign({ url, key, payload: { account: account.kid, oldKey: account.key.jwk, ...payload }, header: { ...header } })

  const cases: { name: string; jws: unknown; status?: number }[] = [
    {
      name: 'an inner JWS of another key',
      jws: { ...(await inner(newer)), signature: (await inner(await newKey())).signature },
    },
    { name: 'another account', jws: await inner(newer, { account: other.kid }) },
    { name: 'another old key', jws: await inner(newer, { oldKey: other.key.jwk }), status: 400 },
    { name: 'another url', jws: await inner(newer, {}, { url: ca.directory.newOrder }) },
    { name: 'a nonce inside', jws: await inner(newer, {}, { nonce: 'x' }) },
    { name: 'a key that has an account', jws: await inner(other.key), status: 409 },
    { name: 'no JWS', jws: { account: account.kid } },
  ]
  let ran = 0
  for (const { name, jws, status = 400 } of cases) {
    refused(t, await account.post(url, jws), { type: 'malformed', status, name })
    ran++
  }
  t.equal(ran, 7)

  t.equal((await account.post(url, await inner(newer))).status, 200)
  refused(t, await account.post(account.kid), { type: 'badPublicKey', status: 400, name: 'the old key' })
  t.equal((await ca.post({ url: account.kid, kid: account.kid, key: newer, payload: '' })).status, 200)
})
