import { X509Certificate } from 'node:crypto'
import { connect, createServer, type TLSSocket } from 'node:tls'
import t from 'tap'
import { createCsr, findChallenge, issue, newKey, readyOrder, settled, startLocalCa } from './local-ca.ts'

t.test('a certificate is issued, chains to the root and is served by TLS', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const { csr, finalized, download } = await issue(ca, account, ['demo.localhost', 'shop.demo.localhost'])

  t.equal(finalized.status, 200)
  t.equal(finalized.json.status, 'valid')
  t.equal(download.headers.get('content-type'), 'application/pem-certificate-chain')
  const [leafPem = '', issuingPem = '', ...more] = download.text.split(/(?<=-----END CERTIFICATE-----\n)/)
  t.same(more, [])
  const [leaf, issuing, root] = [leafPem, issuingPem, ca.authority.rootPem].map((pem) => new X509Certificate(pem))
  if (!leaf || !issuing || !root) throw new Error('three certificates expected')
  t.equal(leaf.subjectAltName, 'DNS:demo.localhost, DNS:shop.demo.localhost')
  t.same(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'serverAuth and nothing else')
  t.equal(leaf.ca, false)
  t.ok(leaf.verify(issuing.publicKey) && issuing.verify(root.publicKey) && root.verify(root.publicKey))
  const days = (leaf.validToDate.getTime() - Date.now()) / 86_400_000
  t.ok(days > 6.9 && days <= 7, `7 days of life, not ${days}`)

  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', csr.keys.privateKey)).toString('base64')
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`
  const server = createServer({ key: keyPem, cert: download.text }, (socket) => socket.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const trusting = { host: '127.0.0.1', port, ca: ca.authority.rootPem }
  t.equal(await handshake(connect({ ...trusting, servername: 'demo.localhost' })), 'authorized')
  t.equal(await handshake(connect({ ...trusting, servername: 'other.localhost' })), 'ERR_TLS_CERT_ALTNAME_INVALID')
  t.same(ca.faults, [])
})

t.test('accounts sign with ES256, RS256 or EdDSA', async (t) => {
  const ca = await startLocalCa(t)
  let ran = 0
  for (const algorithm of ['ES256', 'RS256', 'EdDSA']) {
    const account = await ca.enrol(await newKey(algorithm))
    t.equal(account.created.status, 201, algorithm)
    const { download } = await issue(ca, account, [`${algorithm.toLowerCase()}.localhost`])
    t.match(download.text, /^-----BEGIN CERTIFICATE-----/, algorithm)
    ran++
  }
  t.equal(ran, 3)
})

t.test('a validator asks the host by name and takes only the right answer', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const wrong = (token: string) => `${token}.someone-else`
  const right = (token: string) => `${token}.${account.key.thumbprint}`
  const cases = [
    { name: 'the key authorization', answer: right, status: 'valid' },
    { name: 'trailing white space', answer: (token: string) => `${right(token)} \r\n`, status: 'valid' },
    { name: 'a foreign thumbprint', answer: wrong, status: 'invalid', type: 'incorrectResponse' },
    { name: 'the token alone', answer: (token: string) => token, status: 'invalid', type: 'incorrectResponse' },
    {
      name: 'more than it may be',
      answer: (token: string) => right(token).padEnd(4096, 'x'),
      status: 'invalid',
      type: 'incorrectResponse',
    },
    { name: 'a status that is not 200', answer: undefined, status: 'invalid', type: 'incorrectResponse' },
  ]
  let ran = 0
  for (const { name, answer, status, type } of cases) {
    const order = await account.post(ca.directory.newOrder, { identifiers: [{ type: 'dns', value: 'Demo.localhost' }] })
    const [url = ''] = order.json.authorizations as string[]
    const challenge = await findChallenge(account, url)
    if (answer) ca.challenges.answers.set(challenge.token, answer(challenge.token))
    const posted = await account.post(challenge.url, {})
    t.match(posted.headers.get('link'), `<${url}>;rel="up"`, name)
    const authorization = await settled(account, url)
    t.equal(authorization.json.status, status, name)
    t.match(ca.challenges.asked.at(-1), {
      host: `demo.localhost:${ca.challenges.port}`,
      url: `/.well-known/acme-challenge/${challenge.token}`,
    })
    const after = await account.post(order.headers.get('location'))
    t.equal(after.json.status, status === 'valid' ? 'ready' : 'invalid', name)
    if (type) {
      t.match(authorization.json, { challenges: [{ error: { type: `urn:ietf:params:acme:error:${type}` } }] }, name)
      t.match(after.json, { error: { identifier: { value: 'demo.localhost' } } }, name)
    }
    ran++
  }
  t.equal(ran, cases.length)
})

t.test('a host that cannot be reached is a connection problem', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const order = await account.post(ca.directory.newOrder, { identifiers: [{ type: 'dns', value: 'demo.localhost' }] })
  const [url = ''] = order.json.authorizations as string[]
  const { url: challenge } = await findChallenge(account, url)
  ca.challenges.stop()
  await account.post(challenge, {})
  const authorization = await settled(account, url)
  t.match(authorization.json, { challenges: [{ error: { type: /:connection$/, detail: /ECONNREFUSED/ } }] })
})

t.test('closing the server ends a validation that hangs', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const order = await account.post(ca.directory.newOrder, { identifiers: [{ type: 'dns', value: 'demo.localhost' }] })
  const [url = ''] = order.json.authorizations as string[]
  const { url: challenge, token } = await findChallenge(account, url)
  ca.challenges.hang(token)
  const posted = await account.post(challenge, {})
  t.match(posted.json, { status: 'processing' })
  t.equal(posted.headers.get('retry-after'), '1')
  const startedAt = performance.now()
  await ca.server.close()
  t.ok(performance.now() - startedAt < 1_000)
  await t.rejects(fetch(ca.server.directoryUrl))
})

t.test('two finalizations at once issue one certificate', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const order = await readyOrder(ca, account, ['demo.localhost'])
  const csrs = await Promise.all([createCsr(['demo.localhost']), createCsr(['demo.localhost'])])
  const answers = await Promise.all(csrs.map((csr) => account.post(order.json.finalize, { csr: csr.encoded })))
  t.same(answers.map((answer) => answer.status).sort(), [200, 403])
})

function handshake(socket: TLSSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket.authorized ? 'authorized' : String(socket.authorizationError)))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
  }).then((outcome) => {
    socket.destroy()
    return String(outcome)
  })
}
