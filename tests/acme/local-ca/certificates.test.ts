import { generateKeyPairSync } from 'node:crypto'
import { isIP } from 'node:net'
import { connect, createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { createIntermediate, createRoot, signLeaf } from '../../../src/acme/local-ca/certificates.ts'

t.test('a TLS client that trusts the root still refuses other names under it', async (t) => {
  const nowMs = Date.now()
  const root = await createRoot(nowMs)
  const issuing = await createIntermediate(root, nowMs)
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' })
  const cases = [
    { name: 'localhost', outcome: 'authorized' },
    { name: 'deep.demo.localhost', outcome: 'authorized' },
    { name: 'shop.example', outcome: 'permitted subtree violation' },
    { name: 'notlocalhost', outcome: 'permitted subtree violation' },
  ]
  let ran = 0
  for (const { name, outcome } of cases) {
    const leaf = await signLeaf(issuing, { publicKey, names: [name], nowMs, lifeMs: 86_400_000 })
    const cert = leaf.toString() + issuing.certificate.toString()
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    t.equal(await handshake(t, { cert, key, ca: root.certificate.toString(), servername: name }), outcome, name)
    ran++
  }
  t.equal(ran, 4)
})

async function handshake(t: Test, options: { cert: string; key: string | Buffer; ca: string; servername: string }) {
  const server = createServer(options, (socket) => socket.on('error', () => undefined).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  t.notOk(isIP(options.servername))
  const outcome = Promise.withResolvers<unknown>()
  const socket = connect({ host: '127.0.0.1', port, ca: options.ca, servername: options.servername })
  socket.once('secureConnect', () => outcome.resolve('authorized'))
  socket.once('error', (error) => outcome.resolve(error.message))
  return outcome.promise.finally(() => socket.destroy())
}
