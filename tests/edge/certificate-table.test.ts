import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { CertificateTable } from '../../src/edge/certificate-table.ts'
import { createLog } from '../../src/log.ts'
import { writeCertificate } from '../helpers/certificate.ts'

const log = createLog('silent')

async function serve(t: Test, folder: string) {
  const table = new CertificateTable(folder, log)
  await table.loadAll()
  const server = tls.createServer({ SNICallback: table.sniCallback() })
  const errors: string[] = []
  server.on('tlsClientError', (error: Error & { code?: string }) => errors.push(error.code ?? error.message))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo // a TCP server's address is an AddressInfo
  return { table, port, errors }
}

function handshake(port: number, servername: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message))
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '')
      socket.destroy()
    })
  })
}

t.test('exact names go before wildcards; a wildcard covers one label', async (t) => {
  const folder = t.testdir({})
  await writeCertificate(folder, ['shop.example', 'www.shop.example'])
  await writeCertificate(folder, ['*.shop.example'])
  const { port } = await serve(t, folder)
  t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example, DNS:www.shop.example')
  t.equal(await handshake(port, 'WWW.shop.example'), 'DNS:shop.example, DNS:www.shop.example')
  t.equal(await handshake(port, 'api.shop.example'), 'DNS:*.shop.example')
  const refused = ['other.example', 'a.api.shop.example', 'localhost']
  for (const name of refused) t.equal(await handshake(port, name), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', name)
})

t.test('a new certificate is served from the next handshake on, and no handshake fails meanwhile', async (t) => {
  const folder = t.testdir({})
  await writeCertificate(folder, ['shop.example'])
  const { table, port } = await serve(t, folder)
  let isDone = false
  const results: string[] = []
  const hammer = Promise.all(
    [1, 2, 3].map(async () => {
      while (!isDone) results.push(await handshake(port, 'shop.example'))
    }),
  )
  await writeCertificate(folder, ['shop.example', 'new.shop.example'])
  for (let i = 0; i < 5; i++) {
    await table.reload('shop.example')
    await table.loadAll()
  }
  isDone = true
  await hammer
  t.equal(await handshake(port, 'new.shop.example'), 'DNS:shop.example, DNS:new.shop.example')
  t.ok(results.length >= 3)
  t.ok(
    results.every((names) => names.startsWith('DNS:shop.example')),
    `${results.length} handshakes`,
  )
})

t.test('one name while all are read again does not hide the others', async (t) => {
  const folder = t.testdir({})
  for (const name of ['one.example', 'two.example']) await writeCertificate(folder, [name])
  const { table, port } = await serve(t, folder)
  const all = table.loadAll()
  await table.reload('one.example')
  t.equal(await handshake(port, 'two.example'), 'DNS:two.example')
  await all
  t.equal(table.certificates().length, 2)
})

t.test('a damaged set is left out, and the others are served', async (t) => {
  const folder = t.testdir({})
  for (const name of ['good.example', 'bad.example']) await writeCertificate(folder, [name])
  rmSync(join(folder, 'archive/bad.example'), { recursive: true })
  mkdirSync(join(folder, 'archive/bad.example'))
  rmSync(join(folder, 'live/bad.example'))
  mkdirSync(join(folder, 'live/bad.example'))
  for (const file of ['fullchain.pem', 'privkey.pem', 'cert.pem', 'chain.pem']) {
    writeFileSync(join(folder, 'live/bad.example', file), 'garbage')
  }
  const { port, table } = await serve(t, folder)
  t.equal(await handshake(port, 'good.example'), 'DNS:good.example')
  t.equal(await handshake(port, 'bad.example'), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
  await t.rejects(table.reload('bad.example'), { code: 'ACME_EDGE_STORE_UNREADABLE' }, 'who installs it is told')
})

t.test(
  'a certificate that OpenSSL refuses is found when it is asked for; the other one for the name is served',
  async (t) => {
    const folder = t.testdir({})
    await writeCertificate(folder, ['shop.example'])
    await writeCertificate(folder, ['weak.example', 'shop.example'], { weak: true })
    const { port, table } = await serve(t, folder)
    t.equal(table.certificates().length, 2)
    t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example')
    t.equal(await handshake(port, 'weak.example'), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example')
    t.equal(table.certificates().length, 1)
    await t.rejects(table.reload('weak.example'), /key too small/, 'who installs it is told')
    t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example')
  },
)

t.test('a client that leaves in the middle of a refused handshake ends nothing', async (t) => {
  const folder = t.testdir({})
  await writeCertificate(folder, ['shop.example'])
  const { port } = await serve(t, folder)
  const relay = createServer((inner) => {
    const outer = connectTcp(port, '127.0.0.1')
    for (const socket of [inner, outer]) socket.on('error', () => undefined)
    inner.once('data', (hello) => {
      outer.write(hello)
      setImmediate(() => outer.resetAndDestroy())
      inner.destroy()
    })
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  t.teardown(() => relay.close())
  const { port: relayPort } = relay.address() as AddressInfo // a TCP server's address is an AddressInfo
  for (let i = 0; i < 20; i++) await handshake(relayPort, 'other.example')
  t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example')
})
