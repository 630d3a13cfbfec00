import { once } from 'node:events'
import tls from 'node:tls'
import t from 'tap'
import { connectControl } from '../../src/control/client.ts'
import { installCertificate } from '../../src/store/certificates.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { startBench } from '../helpers/edge-cases.ts'
import { eventually } from '../helpers/edge-process.ts'
import { h2loadMissing, keepLoading } from '../helpers/h2load.ts'

const SWAPS = 100
const CLIENTS = 4

t.test('a hundred swaps under load: no handshake fails, each new certificate is served', async (t) => {
  const bench = await startBench(t, { certificateFor: ['shop.example'], hosts: ['*'], extra: { workers: 2 } })
  const authority = await createTestAuthority()
  const control = await connectControl(bench.edge.storeFolder)
  if (control === undefined) throw new Error('the edge does not listen')
  t.teardown(() => control.close())
  const seen = new Set<string>()
  const failures: unknown[] = []
  let [handshakes, isOver] = [0, false]
  const client = async () => {
    while (!isOver) {
      const socket = tls.connect({
        host: '127.0.0.1',
        port: bench.edge.httpsPort,
        servername: 'shop.example',
        rejectUnauthorized: false,
      })
      try {
        await once(socket, 'secureConnect')
        seen.add(socket.getPeerCertificate().serialNumber)
        socket.write('GET /t HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n')
        const [chunk] = (await once(socket, 'data')) as [Buffer]
        if (!chunk.toString('latin1').startsWith('HTTP/1.1 200')) failures.push(chunk.toString('latin1'))
        handshakes++
      } catch (error) {
        failures.push(error)
      } finally {
        socket.destroy()
      }
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  const installed: string[] = []
  for (let swap = 0; swap < SWAPS; swap++) {
    const { certPem, keyPem } = await authority.issue(['shop.example'])
    const { serial } = await installCertificate(bench.edge.storeFolder, {
      name: 'shop.example',
      fullChainPem: `${certPem}\n`,
      privateKeyPem: `${keyPem}\n`,
    })
    await control.installed('shop.example', AbortSignal.timeout(10_000))
    installed.push(serial.toUpperCase())
    const before = handshakes
    while (handshakes < before + CLIENTS && failures.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 1))
  }
  isOver = true
  await Promise.all(clients)
  t.same(failures, [])
  t.ok(handshakes >= SWAPS * CLIENTS, `${handshakes} handshakes`)
  const missed = installed.filter((serial) => !seen.has(serial))
  t.same(missed, [], 'once installed it is served by whichever worker answers')
  t.equal(installed.length, SWAPS)
})

t.test(
  'a hundred swaps under the load of h2load: no handshake and no request fails',
  { skip: h2loadMissing() },
  async (t) => {
    const bench = await startBench(t, { certificateFor: ['shop.example'], hosts: ['*'], extra: { workers: 2 } })
    const authority = await createTestAuthority()
    const control = await connectControl(bench.edge.storeFolder)
    if (control === undefined) throw new Error('the edge does not listen')
    t.teardown(() => control.close())
    const target = { port: bench.edge.httpsPort, host: 'shop.example', connections: 10, requestsPerConnection: 3 }
    const loads = (['h2', 'http/1.1'] as const).map((protocol) => keepLoading({ ...target, protocol }))
    const begun = performance.now()
    let swaps = 0
    for (; swaps < SWAPS; swaps++) {
      const { certPem, keyPem } = await authority.issue(['shop.example'])
      const set = { name: 'shop.example', fullChainPem: `${certPem}\n`, privateKeyPem: `${keyPem}\n` }
      await installCertificate(bench.edge.storeFolder, set)
      const before = loads.map((load) => load.countsSoFar().connections)
      await control.installed('shop.example', AbortSignal.timeout(10_000))
      // A run of either protocol that has met this swap, or began after it, has come to its end.
      const met = () => loads.every((load, i) => load.countsSoFar().connections > Number(before[i]))
      await eventually(`connections after swap ${swaps}`, met, 10_000)
    }
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
    for (const [i, load] of loads.entries()) {
      const counts = await load.stop()
      t.comment(`${i === 0 ? 'HTTP/2' : 'HTTP/1.1'}: ${JSON.stringify(counts)}, ${swaps} swaps in ${seconds} s`)
      t.equal(counts.failed, 0, 'no handshake, no request')
      t.equal(counts.answered, counts.requests)
      t.ok(counts.connections >= SWAPS * target.connections, `${counts.connections} connections`)
      t.equal(counts.requests, counts.connections * target.requestsPerConnection)
    }
    t.equal(swaps, SWAPS)
  },
)
