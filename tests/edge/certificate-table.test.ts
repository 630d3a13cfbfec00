import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { CertificateTable, type CertificateTableOptions } from '../../src/edge/certificate-table.ts'
import { SecureContexts } from '../../src/edge/secure-contexts.ts'
import { createLog } from '../../src/log.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { writeManyCertificates } from '../helpers/many-certificates.ts'

const log = createLog('silent')

async function serve(t: Test, folder: string, options: CertificateTableOptions = {}) {
  const table = new CertificateTable(folder, log, options)
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

t.test('what is asked for again after it was forgotten is read again', async (t) => {
  const folder = t.testdir({})
  await writeManyCertificates(folder, 5)
  const contexts = new SecureContexts(2)
  const { port } = await serve(t, folder, { contexts })
  for (let i = 0; i < 15; i++) t.equal(await handshake(port, `shop-${i % 5}.example`), `DNS:shop-${i % 5}.example`)
  t.equal(contexts.size, 2)
  const many = Array.from({ length: 30 }, (_, i) => handshake(port, `shop-${i % 5}.example`))
  const served = await Promise.all(many)
  t.same(new Set(served), new Set([0, 1, 2, 3, 4].map((i) => `DNS:shop-${i}.example`)), 'at the same time, too')
})

t.test('files that have become others are noticed when they are asked for, without being told', async (t) => {
  const folder = t.testdir({})
  await writeCertificate(folder, ['shop.example', 'old.shop.example'])
  const { port, table } = await serve(t, folder)
  await writeCertificate(folder, ['shop.example', 'new.shop.example'])
  t.equal(await handshake(port, 'new.shop.example'), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'nobody has said so yet')
  t.equal(await handshake(port, 'old.shop.example'), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'its certificate is gone')
  t.equal(await handshake(port, 'new.shop.example'), 'DNS:shop.example, DNS:new.shop.example')
  rmSync(join(folder, 'live/shop.example'))
  t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example, DNS:new.shop.example', 'what is ready is served on')
  await table.loadAll()
  t.equal(await handshake(port, 'shop.example'), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
  t.equal(table.certificates().length, 0)
})

t.test('a key that does not fit is found by the first handshake; what fits again is served again', async (t) => {
  const folder = t.testdir({})
  for (const name of ['shop.example', 'other.example']) await writeCertificate(folder, [name])
  await writeCertificate(folder, ['*.example'])
  const live = join(folder, 'live/shop.example')
  const right = readFileSync(join(live, 'privkey.pem'))
  const wrong = readFileSync(join(folder, 'live/other.example/privkey.pem'))
  rmSync(live)
  cpSync(join(folder, 'archive/shop.example/1'), live, { recursive: true })
  writeFileSync(join(live, 'privkey.pem'), wrong)
  let nowMs = 0
  const { port, table } = await serve(t, folder, { elapsed: () => nowMs })
  t.equal(table.certificates().length, 3, 'it looks whole')
  t.equal(await handshake(port, 'shop.example'), 'DNS:*.example', 'the next best is served')
  t.equal(table.certificates().length, 2)
  writeFileSync(join(live, 'privkey.pem'), right)
  nowMs += 999
  t.equal(await handshake(port, 'shop.example'), 'DNS:*.example', 'nobody looks again so soon')
  nowMs += 1
  t.equal(await handshake(port, 'shop.example'), 'DNS:shop.example')
  t.equal(table.certificates().length, 3)
})

t.test('a folder that is away for a moment has not made its names go away', async (t) => {
  const folder = t.testdir({})
  await writeManyCertificates(folder, 2)
  let nowMs = 0
  const { port } = await serve(t, folder, { elapsed: () => nowMs })
  renameSync(join(folder, 'live/shop-1.example/privkey.pem'), join(folder, 'key'))
  t.equal(await handshake(port, 'shop-1.example'), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
  t.equal(await handshake(port, 'shop-0.example'), 'DNS:shop-0.example')
  renameSync(join(folder, 'key'), join(folder, 'live/shop-1.example/privkey.pem'))
  nowMs += 1_000
  t.equal(await handshake(port, 'shop-1.example'), 'DNS:shop-1.example')
})

t.test('the newest of several installations is served, whatever is read at the same time', async (t) => {
  const folder = t.testdir({})
  await writeManyCertificates(folder, 30)
  const { port, table } = await serve(t, folder)
  const readings: Promise<void>[] = []
  for (let i = 0; i < 10; i++) {
    await writeCertificate(folder, ['shop-3.example', `round-${i}.example`])
    readings.push(table.loadAll(), table.reload('shop-3.example'))
    t.match(await handshake(port, 'shop-3.example'), /^DNS:shop-3\.example/)
  }
  await Promise.all(readings)
  t.equal(await handshake(port, 'shop-3.example'), 'DNS:shop-3.example, DNS:round-9.example')
  t.equal(await handshake(port, 'round-8.example'), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
})

t.test('many certificates neither hold up the start nor the first handshake for a name', async (t) => {
  const count = 2_000
  const folder = t.testdir({})
  await writeManyCertificates(folder, count)
  const startsMs: number[] = []
  for (let i = 0; i < 3; i++) startsMs.push(await processorMs(() => new CertificateTable(folder, log).loadAll()))
  const { port, table } = await serve(t, folder)
  t.equal(table.certificates().length, count)
  t.ok(Math.min(...startsMs) < (1_500 * count) / 10_000, `${Math.min(...startsMs)} ms for ${count}`)
  await handshake(port, 'shop-0.example') // whatever any first handshake takes
  const firstMs: number[] = []
  for (let i = 1; i <= 5; i++) {
    const name = `shop-${(i * 383) % count}.example`
    firstMs.push(await processorMs(async () => t.equal(await handshake(port, name), `DNS:${name}`)))
  }
  t.ok(Math.min(...firstMs) < 20, `${Math.min(...firstMs)} ms, both sides of the handshake`)
})

/** On a busy machine the clock says little. */
async function processorMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
