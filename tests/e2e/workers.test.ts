import { once } from 'node:events'
import tls from 'node:tls'
import t from 'tap'
import { connectControl } from '../../src/control/client.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { inspectionsOf, startBench } from '../helpers/edge-cases.ts'
import { eventually } from '../helpers/edge-process.ts'
import { startLoad } from '../helpers/load.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t, { extra: { workers: 2 }, certificateFor: ['shop.example'] })
const prefix = '/.well-known/acme-challenge/'
const get = (target: string, ...more: string[]) =>
  requestBytes(`GET ${target} HTTP/1.1`, ['Host: shop.example', ...more])

t.test('a published token is answered by every worker at once, a withdrawn one by none', async (t) => {
  for (let round = 0; round < 5; round++) {
    const token = `round${round}${'w'.repeat(38)}`
    const key = await bench.edge.publish('shop.example', token)
    const bodies = await Promise.all(Array.from({ length: 12 }, () => sendRaw(bench.http, get(prefix + token))))
    t.same([...new Set(bodies.map(({ response }) => response?.body.toString()))], [key], `round ${round}: all answer`)
    await bench.edge.withdraw('shop.example', token)
    const after = await Promise.all(Array.from({ length: 12 }, () => sendRaw(bench.http, get(prefix + token))))
    t.same(
      [...new Set(after.map(({ response }) => response?.body.toString()))],
      ['origin'],
      `round ${round}: none answers`,
    )
  }
})

t.test('every request leaves whole lines, whatever the number of workers', async (t) => {
  const load = startLoad(bench.http, { connections: 8, closeEvery: 20 })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  const { answered, failures } = await load.stop()
  t.same(failures, [])
  const lines = bench.edge.errorLog().split('\n').filter(Boolean)
  t.same(lines.filter((line) => !line.includes('[id "')).slice(0, 3), [], 'no broken line in the error log')
  const loaded = async () =>
    (await bench.edge.accessRecords()).filter(({ target }) => String(target).startsWith('/load/'))
  await eventually('every request is recorded', async () => (await loaded()).length >= answered)
  const records = await loaded()
  t.equal(records.length, answered, 'one access record a request')
  const ids = records.map((record) => record.request_id)
  t.equal(new Set(ids).size, ids.length, 'request ids differ')
})

t.test('inspection works in each worker, over TLS, too', async (t) => {
  for (let i = 0; i < 8; i++) {
    const target = i % 2 === 0 ? bench.http : bench.https
    t.equal((await sendRaw(target, get('/?attack-marker'))).response?.status, 403)
    t.equal((await sendRaw(target, get('/', `X-Probe: worker-${i}`))).response?.status, 200)
    t.equal(inspectionsOf(bench.edge, `worker-${i}`).length, 1)
  }
})

t.test('a certificate that was installed is served by every worker from then on', async (t) => {
  const control = await connectControl(bench.edge.storeFolder)
  t.teardown(() => control?.close())
  for (let round = 0; round < 3; round++) {
    await writeCertificate(bench.edge.storeFolder, ['shop.example', `round-${round}.example`])
    await control?.installed('shop.example', AbortSignal.timeout(5_000))
    for (const name of ['shop.example', `round-${round}.example`]) {
      const served = await Promise.all(Array.from({ length: 12 }, () => servedNames(name)))
      t.same([...new Set(served)], [`DNS:shop.example, DNS:round-${round}.example`], name)
    }
    if (round > 0) t.equal(await servedNames(`round-${round - 1}.example`), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
  }
})

/** Of the certificate that a new handshake is given, or the error's code. */
async function servedNames(servername: string): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port: bench.edge.httpsPort, servername, rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().subjectaltname ?? ''
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    socket.destroy()
  }
}
