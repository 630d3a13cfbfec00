import { request } from 'node:http'
import fc from 'fast-check'
import t from 'tap'
import { newKey, refused, type SignOptions, sign, startLocalCa, type TestAccount } from './local-ca.ts'

const one = (name: string) => ({ identifiers: [{ type: 'dns', value: name }] })

t.test('the directory names every resource, HEAD and GET give nonces', async (t) => {
  const ca = await startLocalCa(t)
  t.same(Object.keys(ca.directory), [
    'newNonce',
    'newAccount',
    'newOrder',
    'revokeCert',
    'keyChange',
    'renewalInfo',
    'meta',
  ])
  const head = await fetch(String(ca.directory.newNonce), { method: 'HEAD' })
  const get = await fetch(String(ca.directory.newNonce))
  t.same([head.status, get.status], [200, 204])
  t.not(head.headers.get('replay-nonce'), get.headers.get('replay-nonce'))
  t.equal(head.headers.get('cache-control'), 'no-store')
  t.equal(head.headers.get('link'), `<${ca.server.directoryUrl}>;rel="index"`)
})

t.test('a request is authenticated before anything is done', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const stranger = await newKey()
  const rsa = await newKey('RS256')
  const url = String(ca.directory.newOrder)
  const good = { url, key: account.key, kid: account.kid, payload: one('demo.localhost') }
  const cases: { name: string; options: Partial<SignOptions>; type: string; status: number }[] = [
    { name: 'no nonce', options: { header: { nonce: undefined } }, type: 'badNonce', status: 400 },
    { name: 'invented nonce', options: { nonce: 'AAAAAAAAAAAAAAAAAAAAAA' }, type: 'badNonce', status: 400 },
    { name: 'nonce of another type', options: { header: { nonce: 7 } }, type: 'badNonce', status: 400 },
    {
      name: 'signed for another url',
      options: { header: { url: ca.directory.newAccount } },
      type: 'unauthorized',
      status: 403,
    },
    { name: 'signed for no url', options: { header: { url: undefined } }, type: 'unauthorized', status: 403 },
    { name: 'signed by another key', options: { key: stranger }, type: 'malformed', status: 400 },
    { name: 'signed by a key of another type', options: { key: rsa }, type: 'badPublicKey', status: 400 },
    { name: 'a bare key where a kid is due', options: { kid: undefined }, type: 'malformed', status: 400 },
    { name: 'both jwk and kid', options: { header: { jwk: account.key.jwk } }, type: 'malformed', status: 400 },
    { name: 'neither jwk nor kid', options: { header: { kid: undefined } }, type: 'malformed', status: 400 },
    { name: 'unknown kid', options: { kid: `${account.kid}x` }, type: 'accountDoesNotExist', status: 400 },
    {
      name: 'kid of another server',
      options: { kid: 'https://ca.example/1' },
      type: 'accountDoesNotExist',
      status: 400,
    },
    { name: 'payload that is no JSON', options: { payload: '{"identifiers"' }, type: 'malformed', status: 400 },
    { name: 'payload that is a list', options: { payload: [] }, type: 'malformed', status: 400 },
    { name: 'empty payload', options: { payload: '' }, type: 'malformed', status: 400 },
  ]
  let ran = 0
  for (const { name, options, ...expected } of cases) {
    refused(t, await ca.post({ ...good, ...options }), { ...expected, name })
    ran++
  }
  t.equal(ran, 15)
  t.equal((await ca.post(good)).status, 201, 'the same request without the fault is accepted')
})

t.test('a nonce works once', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const nonce = await ca.freshNonce()
  const url = String(ca.directory.newOrder)
  const body = JSON.stringify(
    await sign({ url, key: account.key, kid: account.kid, payload: one('demo.localhost'), nonce }),
  )
  t.equal((await ca.send(url, body)).status, 201)
  refused(t, await ca.send(url, body), { type: 'badNonce', status: 400, name: 'replay' })
  const next = (await ca.send(url, body)).headers.get('replay-nonce') ?? ''
  const retried = await ca.post({
    url,
    key: account.key,
    kid: account.kid,
    payload: one('demo.localhost'),
    nonce: next,
  })
  t.equal(retried.status, 201, 'the nonce that came with the refusal is good')
})

t.test('a JWS is taken apart strictly', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const url = String(ca.directory.newOrder)
  const signed = async (header: Record<string, unknown> = {}) =>
    sign({ url, key: account.key, kid: account.kid, payload: one('a.localhost'), nonce: await ca.freshNonce(), header })
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = async (header: object) => {
    const nonce = await ca.freshNonce()
    return { ...(await signed()), protected: encode({ alg: 'ES256', url, nonce, kid: account.kid, ...header }) }
  }
  const flipped = async (member: string) => {
    const jws = await signed()
    const value = String(jws[member])
    return { ...jws, [member]: (value.startsWith('A') ? 'B' : 'A') + value.slice(1) }
  }
  const cases: { name: string; body: unknown; type: string }[] = [
    { name: 'an unprotected header', body: { ...(await signed()), header: { kid: account.kid } }, type: 'malformed' },
    { name: 'the general serialization', body: { ...(await signed()), signatures: [] }, type: 'malformed' },
    { name: 'no signature', body: { ...(await signed()), signature: undefined }, type: 'malformed' },
    { name: 'an empty signature', body: { ...(await signed()), signature: '' }, type: 'malformed' },
    { name: 'padding', body: { ...(await signed()), payload: 'e30=' }, type: 'malformed' },
    { name: 'another signature', body: await flipped('signature'), type: 'malformed' },
    { name: 'another payload', body: { ...(await signed()), payload: encode(one('b.localhost')) }, type: 'malformed' },
    { name: 'alg none', body: { ...(await forged({ alg: 'none' })), signature: '' }, type: 'badSignatureAlgorithm' },
    { name: 'a symmetric alg', body: await forged({ alg: 'HS256' }), type: 'badSignatureAlgorithm' },
    { name: 'crit', body: await forged({ crit: ['b64'], b64: false }), type: 'malformed' },
    { name: 'b64 alone', body: await forged({ b64: false }), type: 'malformed' },
    { name: 'a list', body: [], type: 'malformed' },
    { name: 'null', body: null, type: 'malformed' },
    { name: 'a private key in the header', body: await forged({ kid: undefined, jwk: 'x' }), type: 'malformed' },
  ]
  let ran = 0
  for (const { name, body, type } of cases) {
    refused(t, await ca.send(url, JSON.stringify(body)), { type, status: 400, name })
    ran++
  }
  t.equal(ran, 14)
  const answer = await ca.send(url, JSON.stringify(await forged({ alg: 'none' })))
  t.same(answer.json.algorithms, ['ES256', 'RS256', 'EdDSA'])
  t.same(ca.faults, [])
})

t.test('weak and foreign account keys are refused', async (t) => {
  const ca = await startLocalCa(t)
  const key = await newKey()
  const rsa = await newKey('RS256')
  const cases: { name: string; key?: typeof rsa; jwk: object; type: string }[] = [
    { name: 'a point off the curve', jwk: { ...key.jwk, y: key.jwk.x }, type: 'badPublicKey' },
    { name: 'another curve', jwk: { ...key.jwk, crv: 'P-384' }, type: 'badPublicKey' },
    { name: 'a missing coordinate', jwk: { kty: 'EC', crv: 'P-256', x: key.jwk.x }, type: 'badPublicKey' },
    { name: 'a symmetric key', jwk: { kty: 'oct', k: 'AAAA' }, type: 'badPublicKey' },
    {
      name: 'a short RSA key',
      key: rsa,
      jwk: { ...rsa.jwk, n: String(rsa.jwk.n).slice(0, 171) },
      type: 'badPublicKey',
    },
    { name: 'a huge RSA key', key: rsa, jwk: { ...rsa.jwk, n: 'v'.repeat(2732) }, type: 'badPublicKey' },
    { name: 'the exponent 1', key: rsa, jwk: { ...rsa.jwk, e: 'AQ' }, type: 'badPublicKey' },
  ]
  let ran = 0
  for (const { name, key: signer = key, jwk, type } of cases) {
    const answer = await ca.post({ url: String(ca.directory.newAccount), key: signer, payload: {}, header: { jwk } })
    refused(t, answer, { type, status: 400, name })
    ran++
  }
  t.equal(ran, 7)
})

t.test('method, media type, size, address and Host are checked', async (t) => {
  const ca = await startLocalCa(t)
  const url = String(ca.directory.newOrder)
  const get = await fetch(url)
  t.same([get.status, get.headers.get('allow')], [405, 'POST'])
  t.equal((await fetch(ca.server.directoryUrl, { method: 'POST' })).status, 405)
  refused(t, await ca.send(url, '{}', 'application/json'), { type: 'malformed', status: 415, name: 'media type' })
  refused(t, await ca.send(url, ' '.repeat(65_537)), { type: 'malformed', status: 413, name: 'size' })
  const missing = ['/', '/account', '/order/', '/constructor/x', '/new-order/x', '/directory?x', '/order/a/b']
  for (const path of missing) {
    refused(t, await ca.send(new URL(path, url).href, '{}'), { type: 'malformed', status: 404, name: path })
  }
  t.equal(await statusForHost(url, 'rebound.example'), 421)
  t.equal(await statusForHost(url, new URL(url).host), 405)
})

t.test('another account gets nothing of mine', async (t) => {
  const ca = await startLocalCa(t)
  const [mine, other] = [await ca.enrol(await newKey()), await ca.enrol(await newKey())]
  const order = await mine.post(ca.directory.newOrder, one('demo.localhost'))
  const [authorization] = order.json.authorizations as string[]
  const { challenges } = (await mine.post(authorization)).json as { challenges: { url: string }[] }
  const urls = [order.headers.get('location'), authorization, challenges[0]?.url, order.json.finalize, mine.kid]
  let ran = 0
  for (const url of urls) {
    refused(t, await other.post(url), { type: 'unauthorized', status: 403, name: String(url) })
    ran++
  }
  t.equal(ran, 5)
})

t.test('garbage is refused, never a fault', async (t) => {
  const ca = await startLocalCa(t)
  const account: TestAccount = await ca.enrol(await newKey())
  const member = fc.oneof(
    fc.string(),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
    fc.constant(undefined),
  )
  const jws = fc.record({ protected: member, payload: member, signature: member })
  const outcome = await fc.check(
    fc.asyncProperty(jws, fc.jsonValue(), async (body, payload) => {
      const unsigned = await ca.send(String(ca.directory.newOrder), JSON.stringify(body))
      const signed = await account.post(ca.directory.newOrder, { identifiers: payload })
      return unsigned.status === 400 && signed.status === 400
    }),
    { numRuns: 150 },
  )
  t.comment(`seed ${outcome.seed}, ${outcome.numRuns} requests`)
  t.notOk(outcome.failed, JSON.stringify(outcome.counterexample))
  t.equal(outcome.numRuns, 150)
  t.same(ca.faults, [])
})

function statusForHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
}
