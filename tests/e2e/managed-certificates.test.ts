import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import t from 'tap'
import { type EdgeProcess, eventually, spawnEdge, startEdgeProcess } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'
import { startOrigin } from '../helpers/recording-origin.ts'

const skip = pebbleMissing()

interface Served {
  readonly serial: string
  readonly names: readonly string[]
  readonly issuer: string
}

/** What a client is served; `undefined` when the handshake is refused. */
async function handshake(port: number, servername: string): Promise<Served | undefined> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect')
    const { serialNumber, subjectaltname = '', issuer } = socket.getPeerCertificate()
    const names = subjectaltname.split(', ').map((name) => name.replace('DNS:', ''))
    return { serial: serialNumber, names: names.sort(), issuer: String(issuer.CN) }
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

const messages = (edge: EdgeProcess, message: string) =>
  edge
    .stderr()
    .split('\n')
    .flatMap((line) => (line.includes(`"${message}"`) ? [JSON.parse(line) as Record<string, unknown>] : []))

t.test('the names of the config are served without a command, and by every worker', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-managed-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const pebble = await startPebble({ folder })
  t.teardown(() => pebble.stop())
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const [httpsPort = 0] = await freePorts(1)
  const certificates = (...names: string[][]) => names.map((one) => ({ names: one }))
  const acme = (...names: string[][]) => ({
    directory: pebble.directory,
    root_ca: pebble.rootCa,
    certificates: certificates(...names),
  })
  const edge = await startEdgeProcess({
    origins: [origin.url],
    extra: {
      listen: { http: [`127.0.0.1:${pebble.httpPort}`], https: [`127.0.0.1:${httpsPort}`] },
      workers: 2,
      acme: acme(['shop.example', 'www.shop.example'], ['blocked-domain.example'], ['other.example']),
    },
  })
  t.teardown(() => edge.stop())
  const served = (name: string) => handshake(httpsPort, name)

  await t.test('while one name is refused by the CA, the others come', async (t) => {
    t.equal(await served('unwanted.example'), undefined)
    await eventually(
      'both are served',
      async () => !!(await served('shop.example')) && !!(await served('other.example')),
      20_000,
    )
    const shop = await served('www.shop.example')
    t.same(shop?.names, ['shop.example', 'www.shop.example'])
    t.match(shop?.issuer, /Pebble/)
    for (let i = 0; i < 20; i++)
      t.equal((await served('shop.example'))?.serial, shop?.serial, 'whichever worker answers')
    await eventually('the refusal is logged', () => messages(edge, 'no certificate').length === 1)
    t.match(messages(edge, 'no certificate')[0], {
      name: 'blocked-domain.example',
      error_code: 'ACME_EDGE_ACME_REFUSED',
      failures: 1,
      next_attempt: /^20/,
    })
    t.equal(await served('blocked-domain.example'), undefined, 'no stand-in is served')
    const list = spawnEdge(['list', '--json', '--config', join(edge.folder, 'edge.yaml')])
    t.equal((await list.exited).code, 0)
    t.match(JSON.parse(list.stdout()), [
      {
        name: 'blocked-domain.example',
        managed: true,
        renewal: { failures: 1, lastError: { code: 'ACME_EDGE_ACME_REFUSED' } },
      },
      {
        name: 'other.example',
        managed: true,
        names: ['other.example'],
        renewal: { failures: 0, window: { start: /^20/ } },
      },
      { name: 'shop.example', managed: true, renewal: { directory: pebble.directory } },
    ])
    const text = spawnEdge(['list', '--config', join(edge.folder, 'edge.yaml')])
    await text.exited
    t.match(text.stdout(), /^blocked-domain\.example {2}none yet\n {2}failed once, last 20.*next attempt 20/m)
    const metrics = await (await fetch(`http://127.0.0.1:${edge.adminPort}/metrics`)).text()
    const figure = (name: string, certificate: string) =>
      Number(new RegExp(`^acme_edge_certificate_${name}\\{name="${certificate}"\\} (.*)$`, 'm').exec(metrics)?.[1])
    t.equal(figure('failures', 'blocked-domain.example'), 1)
    t.equal(figure('failures', 'shop.example'), 0)
    const [retryS, renewalS] = ['blocked-domain.example', 'shop.example'].map((name) =>
      figure('next_attempt_seconds', name),
    )
    const inS = (at = Number.NaN) => at - Date.now() / 1000
    t.ok(inS(retryS) > 20 && inS(retryS) < 90, `tried again in ${inS(retryS)} s`)
    t.ok(inS(renewalS) > 30 * 86_400, `renewed in ${inS(renewalS)} s`)
    t.ok(inS(figure('not_after_seconds', 'shop.example')) > 80 * 86_400)
  })

  await t.test(
    'a name that is added to the config gets a certificate; the old one is served until it is there',
    async (t) => {
      const before = await served('shop.example')
      edge.writeConfig({
        ...edge.config(),
        acme: acme(
          ['shop.example', 'www.shop.example', 'new.example'],
          ['other.example'],
          ['127.0.0.1', 'box.example'],
        ),
      })
      edge.signal('SIGHUP')
      await eventually('it is served', async () => (await served('new.example')) !== undefined, 20_000)
      const after = await served('shop.example')
      t.same(after?.names, ['new.example', 'shop.example', 'www.shop.example'])
      t.not(after?.serial, before?.serial)
    },
  )

  await t.test(
    'a client that names no host, since it asks for an address, gets the certificate for addresses',
    async (t) => {
      await eventually('it is served', async () => (await served('')) !== undefined, 20_000)
      t.same((await served(''))?.names, ['IP Address:127.0.0.1', 'box.example'])
      t.same((await served('box.example'))?.names, ['IP Address:127.0.0.1', 'box.example'])
      t.equal(await served('unwanted.example'), undefined)
    },
  )

  await t.test('what is there is not ordered again, and the CA was asked when to renew', async (t) => {
    const state = JSON.parse(
      readFileSync(join(edge.storeFolder, 'state/renewals/other.example.json'), 'utf8').replace(/^.*\n/, ''),
    )
    t.match(state, { failures: 0, directory: pebble.directory, info: { start: Number, end: Number } })
    t.equal(messages(edge, 'getting a certificate').filter(({ name }) => name === 'other.example').length, 1)
  })
})
