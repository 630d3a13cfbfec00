import { once } from 'node:events'
import tls from 'node:tls'
import t from 'tap'
import { connectControl } from '../../src/control/client.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { onConnection, startBench } from '../helpers/edge-cases.ts'
import { eventually } from '../helpers/edge-process.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t, {
  certificateFor: ['shop.example', '*.shop.example'],
  hosts: ['*'],
  limits: { header_timeout: '1s' },
})
const get = requestBytes('GET /t HTTP/1.1', ['Host: shop.example'])

/** The outcome of a handshake: the served certificate's fingerprint, or the error's code. */
async function handshake(servername: string, options: tls.ConnectionOptions = {}): Promise<string> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: bench.edge.httpsPort,
    servername,
    rejectUnauthorized: false,
    ...options,
  })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().fingerprint256
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    socket.destroy()
  }
}

t.test('a name without a certificate gets unrecognized_name', async (t) => {
  for (const name of ['other.example', 'a.b.shop.example', 'xshop.example', '__proto__', 'constructor']) {
    t.match(await handshake(name), /UNRECOGNIZED_NAME/, name)
  }
  t.match(await handshake(''), /^ERR_|ECONNRESET/, 'no name at all')
  t.match(await handshake('shop.example'), /^[0-9A-F:]+$/)
  t.match(await handshake('A.Shop.Example'), /^[0-9A-F:]+$/, 'wildcard, other case')
})

t.test('old protocols are refused', async (t) => {
  t.match(
    await handshake('shop.example', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }),
    /^ERR_|ECONNRESET/,
  )
})

t.test('garbage and plain HTTP on the TLS port end the connection, not the edge', async (t) => {
  for (const bytes of [get, '\x16\x03\x01\xff\xff\x01', '\x00'.repeat(100), 'SSH-2.0-x\r\n', '']) {
    await onConnection({ port: bench.edge.httpsPort }, async (connection) => {
      connection.write(bytes)
      t.not(await connection.closed(5_000), 'open', JSON.stringify(bytes.slice(0, 12)))
    })
  }
  t.equal((await sendRaw(bench.https, get)).response?.status, 200)
  t.equal(bench.origin.requests.length, 1)
})

t.test('a new certificate is served within a second, and no connection is lost', async (t) => {
  const before = await handshake('shop.example')
  await onConnection(bench.https, async (connection) => {
    connection.write(get)
    t.equal((await connection.response())?.status, 200)
    await writeCertificate(bench.edge.storeFolder, ['shop.example', '*.shop.example'])
    const control = await connectControl(bench.edge.storeFolder)
    await control?.installed('shop.example', AbortSignal.timeout(5_000))
    control?.close()
    await eventually('the new one is served', async () => (await handshake('shop.example')) !== before, 1_000)
    connection.write(get)
    t.equal((await connection.response())?.status, 200, 'the old connection goes on')
  })
})

t.test('a handshake that never ends is ended', async (t) => {
  await onConnection({ port: bench.edge.httpsPort }, async (connection) => {
    connection.write('\x16\x03\x01')
    t.not(await connection.closed(5_000), 'open')
  })
})
