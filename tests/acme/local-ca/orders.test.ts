import t from 'tap'
import { createCsr, findChallenge, newKey, readyOrder, refused, startLocalCa } from './local-ca.ts'

const names = (...values: string[]) => values.map((value) => ({ type: 'dns', value }))

t.test('an order is for localhost and names under it only', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const order = (identifiers: unknown) => account.post(ca.directory.newOrder, { identifiers })
  const cases: { identifiers: unknown; type: string }[] = [
    { identifiers: names('shop.example'), type: 'rejectedIdentifier' },
    { identifiers: names('localhost.example'), type: 'rejectedIdentifier' },
    { identifiers: names('notlocalhost'), type: 'rejectedIdentifier' },
    { identifiers: names('*.localhost'), type: 'rejectedIdentifier' },
    { identifiers: names('demo.localhost.'), type: 'rejectedIdentifier' },
    { identifiers: names('demo.localhost:80'), type: 'rejectedIdentifier' },
    { identifiers: names('a/b.localhost'), type: 'rejectedIdentifier' },
    { identifiers: names('-a.localhost'), type: 'rejectedIdentifier' },
    { identifiers: names(`${'a'.repeat(64)}.localhost`), type: 'rejectedIdentifier' },
    { identifiers: names(`${'a.'.repeat(123)}localhost`), type: 'rejectedIdentifier' },
    { identifiers: names(''), type: 'rejectedIdentifier' },
    { identifiers: [{ type: 'ip', value: '127.0.0.1' }], type: 'rejectedIdentifier' },
    { identifiers: [{ type: 'ip', value: '0127.0.0.1' }], type: 'malformed' },
    { identifiers: [{ type: 'email', value: 'a@localhost' }], type: 'unsupportedIdentifier' },
    { identifiers: names('127.0.0.1'), type: 'rejectedIdentifier' },
    { identifiers: [{ type: 'dns' }], type: 'malformed' },
    { identifiers: [], type: 'malformed' },
    { identifiers: names(...Array.from({ length: 101 }, (_, i) => `a${i}.localhost`)), type: 'malformed' },
    { identifiers: undefined, type: 'malformed' },
  ]
  let ran = 0
  for (const { identifiers, type } of cases) {
    refused(t, await order(identifiers), {
      type,
      status: 400,
      name: JSON.stringify(identifiers)?.slice(0, 60) ?? 'none',
    })
    ran++
  }
  t.equal(ran, 19)
  const several = await order(names('good.localhost', 'shop.example', '*.localhost'))
  t.match(several.json, {
    type: /:rejectedIdentifier$/,
    subproblems: [{ identifier: { value: 'shop.example' } }, { identifier: { value: '*.localhost' } }],
  })
  const good = await order(names('Demo.Localhost', 'demo.localhost', 'localhost'))
  t.equal(good.status, 201)
  t.same(good.json.identifiers, names('demo.localhost', 'localhost'))
  const validity = await account.post(ca.directory.newOrder, { identifiers: names('localhost'), notAfter: 'x' })
  refused(t, validity, { type: 'malformed', status: 400, name: 'notAfter' })
})

t.test('finalize takes exactly the names of the order, with a key of its own', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const order = await readyOrder(ca, account, ['demo.localhost', 'shop.localhost'])
  const encoded = async (list: string[], extra = {}) => (await createCsr(list, extra)).encoded
  const good = await createCsr(['shop.localhost', 'demo.localhost'], { commonName: 'demo.localhost' })
  const tampered = Buffer.from(good.der)
  tampered[tampered.length - 5] = (tampered[tampered.length - 5] ?? 0) ^ 1
  const cases: { name: string; csr: unknown; type: string }[] = [
    { name: 'a name missing', csr: await encoded(['demo.localhost']), type: 'badCSR' },
    { name: 'a name more', csr: await encoded(['demo.localhost', 'shop.localhost', 'x.localhost']), type: 'badCSR' },
    { name: 'another name', csr: await encoded(['demo.localhost', 'shop.example']), type: 'badCSR' },
    {
      name: 'a name in CN',
      csr: await encoded(['demo.localhost', 'shop.localhost'], { commonName: 'shop.example' }),
      type: 'badCSR',
    },
    {
      name: 'an address',
      csr: await encoded(['demo.localhost', 'shop.localhost'], { ip: '127.0.0.1' }),
      type: 'badCSR',
    },
    { name: 'a broken signature', csr: tampered.toString('base64url'), type: 'badCSR' },
    { name: 'no CSR', csr: Buffer.from('hello').toString('base64url'), type: 'badCSR' },
    { name: 'an empty CSR', csr: '', type: 'badCSR' },
    { name: 'PEM', csr: '-----BEGIN CERTIFICATE REQUEST-----', type: 'malformed' },
    { name: 'a missing member', csr: undefined, type: 'malformed' },
  ]
  let ran = 0
  for (const { name, csr, type } of cases) {
    refused(t, await account.post(order.json.finalize, { csr }), { type, status: 400, name })
    ran++
  }
  t.equal(ran, 10)
  t.equal((await account.post(order.url)).json.status, 'ready', 'a bad CSR leaves the order ready')
  t.equal((await account.post(order.json.finalize, { csr: good.encoded })).json.status, 'valid')
  t.same(ca.faults, [])
})

t.test('finalize before validation and after issuance is refused', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const csr = (await createCsr(['demo.localhost'])).encoded
  const order = await account.post(ca.directory.newOrder, { identifiers: names('demo.localhost') })
  const early = await account.post(order.json.finalize, { csr })
  refused(t, early, { type: 'orderNotReady', status: 403, name: 'pending' })
  const ready = await readyOrder(ca, account, ['demo.localhost'])
  t.equal((await account.post(ready.json.finalize, { csr })).status, 200)
  const late = await account.post(ready.json.finalize, { csr })
  refused(t, late, { type: 'orderNotReady', status: 403, name: 'valid' })
})

t.test('an authorization that is deactivated makes its order invalid', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const order = await readyOrder(ca, account, ['demo.localhost'])
  const [url] = order.json.authorizations as string[]
  refused(t, await account.post(url, { status: 'valid' }), { type: 'malformed', status: 400, name: 'status' })
  t.equal((await account.post(url, { status: 'deactivated' })).json.status, 'deactivated')
  t.equal((await account.post(order.url)).json.status, 'invalid')
  const csr = (await createCsr(['demo.localhost'])).encoded
  refused(t, await account.post(order.json.finalize, { csr }), { type: 'orderNotReady', status: 403, name: 'invalid' })
})

t.test('an order dies when it expires, and room is made for others', async (t) => {
  let nowMs = Date.now()
  const ca = await startLocalCa(t, { clock: () => nowMs })
  const account = await ca.enrol(await newKey())
  const order = await readyOrder(ca, account, ['demo.localhost'])
  const [url = ''] = order.json.authorizations as string[]
  nowMs += 3_600_000
  t.equal((await account.post(order.url)).json.status, 'invalid')
  t.equal((await account.post(url)).json.status, 'expired')
  const challenge = await findChallenge(account, url)
  const asked = ca.challenges.asked.length
  await account.post(challenge.url, {})
  t.equal(ca.challenges.asked.length, asked, 'an expired challenge is not validated')
  await account.post(ca.directory.newOrder, { identifiers: names('demo.localhost') })
  t.equal((await account.post(order.url)).status, 404)
})
