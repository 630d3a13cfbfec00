import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import t from 'tap'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { eventually, spawnEdge } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'
import { redisMissing, startRedis } from '../helpers/redis.ts'

const skip = redisMissing() || pebbleMissing()
t.setTimeout(180_000)

t.test('commands on one machine, an edge on another, a Redis between them', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-shared-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const redis = await startRedis({ folder: join(folder, 'redis') })
  t.teardown(() => redis.stop())
  const pebble = await startPebble({ folder: join(folder, 'pebble') })
  t.teardown(() => pebble.stop())
  const [httpsPort = 0] = await freePorts(1)
  const configs = { here: '127.0.0.1:0', there: `127.0.0.1:${httpsPort}` }
  for (const [machine, https] of Object.entries(configs)) {
    writeFileSync(
      join(folder, `${machine}.yaml`),
      JSON.stringify({
        listen: { http: [machine === 'there' ? `127.0.0.1:${pebble.httpPort}` : '127.0.0.1:0'], https: [https] },
        waf: { mode: 'off', rules: [] },
        acme: {
          directory: pebble.directory,
          root_ca: pebble.rootCa,
          ...(machine === 'there' ? { certificates: [{ names: ['managed.example'] }] } : {}),
        },
        store: `${redis.url}?cache=${machine}`,
        log: { access: 'off' },
      }),
    )
  }
  const json = async (machine: keyof typeof configs, ...words: string[]) => {
    const edge = spawnEdge([...words, '--config', `${machine}.yaml`, '--json'], { cwd: folder })
    const { code } = await edge.exited
    return { code, stderr: edge.stderr(), said: JSON.parse(edge.stdout()) as Record<string, unknown> } // one object
  }
  const edge = spawnEdge(['run', '--config', 'there.yaml'], { cwd: folder })
  t.teardown(async () => {
    edge.child.kill('SIGTERM')
    await edge.exited
  })
  const served = async (servername: string) => {
    const socket = tls.connect({ host: '127.0.0.1', port: httpsPort, servername, rejectUnauthorized: false })
    try {
      await once(socket, 'secureConnect')
      return socket.getPeerCertificate().fingerprint256
    } catch {
      return undefined
    } finally {
      socket.destroy()
    }
  }
  await eventually('a certificate', async () => (await served('managed.example')) !== undefined, 30_000)

  await t.test('the account is the same on both', async (t) => {
    const here = await json('here', 'account', 'show')
    t.match(here, {
      code: 0,
      said: { status: 'valid', keyFile: /^acme-edge:state:accounts\/.*\/key\.pem in Redis at 127/ },
    })
    const { said } = await json('here', 'account', 'rollover')
    t.match(await json('there', 'account', 'show'), {
      said: { url: here.said.url, status: 'valid', keyThumbprint: said.newThumbprint },
    })
  })

  await t.test('what is imported here is served there, and shown on both', async (t) => {
    const { certPem, keyPem } = await (await createTestAuthority()).issue(['a.example'])
    writeFileSync(join(folder, 'a.pem'), certPem)
    writeFileSync(join(folder, 'a.key'), keyPem)
    const { fingerprint256: fingerprint } = new X509Certificate(certPem)
    t.match(await json('here', 'import', '--cert', 'a.pem', '--key', 'a.key'), { code: 0, said: { served: false } })
    await eventually('it is served there', async () => (await served('a.example')) === fingerprint)
    for (const machine of ['here', 'there'] as const)
      t.match(await json(machine, 'show', 'a.example'), { code: 0, said: { fingerprint } }, machine)
  })

  await t.test('what came there can be revoked here', async (t) => {
    const live = join(folder, 'there/live/managed.example/cert.pem')
    const serial = new X509Certificate(readFileSync(live)).serialNumber.toLowerCase()
    t.match(await json('here', 'show', 'managed.example'), { code: 0, said: { ca: pebble.directory } })
    const words = ['managed.example', '--reason', 'superseded']
    t.match(await json('here', 'revoke', ...words), { code: 0, said: { result: 'revoked', serial } })
    t.equal(redis.cli('EXISTS', `acme-edge:state:revoked/${serial}`), '1', 'noted for all machines')

    await t.test('and the edge there replaces it within seconds', async () => {
      const isReplaced = () => new X509Certificate(readFileSync(live)).serialNumber.toLowerCase() !== serial
      await eventually('another certificate', isReplaced, 10_000)
      const { fingerprint256: fingerprint } = new X509Certificate(readFileSync(live))
      await eventually('it is served', async () => (await served('managed.example')) === fingerprint)
    })
  })

  await t.test('whose config names it, too, is told that an edge elsewhere replaces it', async (t) => {
    const { acme, ...rest } = JSON.parse(readFileSync(join(folder, 'here.yaml'), 'latin1'))
    const certificates = [{ names: ['managed.example'] }]
    writeFileSync(join(folder, 'here.yaml'), JSON.stringify({ ...rest, acme: { ...acme, certificates } }))
    const words = ['managed.example', '--reason', 'superseded']
    t.match(await json('here', 'revoke', ...words), { code: 0, said: { replacement: 'other edge' } })
    edge.child.kill('SIGTERM')
    await edge.exited
    t.match(await json('here', 'revoke', ...words), { code: 0, said: { replacement: 'next run' } })
  })
})
