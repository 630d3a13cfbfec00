import { randomBytes } from 'node:crypto'
import { FlattenedSign } from 'jose'
import t from 'tap'
import { newKey, refused, startLocalCa, type TestKey } from './local-ca.ts'

const keys = new Map([
  ['kid-1', randomBytes(32)],
  ['kid-2', randomBytes(32)],
])

t.test('with EAB keys an account needs one of them', async (t) => {
  const ca = await startLocalCa(t, {}, { externalAccounts: keys })
  const url = String(ca.directory.newAccount)
  t.match(ca.directory, { meta: { externalAccountRequired: true } })
  const key = await newKey()
  const stranger = await newKey()
  const create = (externalAccountBinding: unknown) => ca.post({ url, key, payload: { externalAccountBinding } })
  const good = { kid: 'kid-1', secret: keys.get('kid-1') ?? Buffer.alloc(0), url, jwk: key }
  const bind = (change: Partial<Binding> = {}) => binding({ ...good, ...change })
  const tampered = { ...(await bind()), signature: (await bind({ secret: randomBytes(32) })).signature }
  const cases: { name: string; value: unknown; type: string; status: number }[] = [
    { name: 'none', value: undefined, type: 'externalAccountRequired', status: 403 },
    { name: 'no JWS', value: 'kid-1', type: 'malformed', status: 400 },
    { name: 'an empty object', value: {}, type: 'malformed', status: 400 },
    { name: 'an unknown kid', value: await bind({ kid: 'kid-3' }), type: 'unauthorized', status: 403 },
    { name: 'the key of another kid', value: await bind({ kid: 'kid-2' }), type: 'unauthorized', status: 403 },
    { name: 'a broken MAC', value: tampered, type: 'unauthorized', status: 403 },
    { name: 'for another url', value: await bind({ url: `${url}x` }), type: 'malformed', status: 400 },
    { name: 'for another account key', value: await bind({ jwk: stranger }), type: 'malformed', status: 400 },
    { name: 'another algorithm', value: await bind({ alg: 'HS512' }), type: 'badSignatureAlgorithm', status: 400 },
    { name: 'with a nonce', value: await bind({ nonce: 'x' }), type: 'malformed', status: 400 },
  ]
  let ran = 0
  for (const { name, value, type, status } of cases) {
    refused(t, await create(value), { name, type, status })
    ran++
  }
  t.equal(ran, 10)
  t.equal((await create(await bind())).status, 201)
  t.equal((await create(undefined)).status, 200, 'an account that is there needs no more')
  t.same(ca.faults, [])
})

t.test('without EAB keys a binding is not looked at', async (t) => {
  const ca = await startLocalCa(t)
  const payload = { externalAccountBinding: 'whatever' }
  t.equal((await ca.post({ url: String(ca.directory.newAccount), key: await newKey(), payload })).status, 201)
})

interface Binding {
  readonly kid: string
  readonly secret: Buffer
  readonly url: string
  readonly jwk: TestKey
  readonly alg?: string
  readonly nonce?: string
}

function binding({ kid, secret, url, jwk, alg = 'HS256', nonce }: Binding) {
  const signer = new FlattenedSign(new TextEncoder().encode(JSON.stringify(jwk.jwk)))
  const padded = alg === 'HS256' ? secret : Buffer.concat([secret, secret])
  return signer.setProtectedHeader({ alg, kid, url, ...(nonce === undefined ? {} : { nonce }) }).sign(padded)
}
