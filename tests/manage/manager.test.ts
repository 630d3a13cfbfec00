import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { rateLimited } from '../../src/acme/budget/rate-limited.ts'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { EdgeError } from '../../src/errors.ts'
import type { Logger } from '../../src/log.ts'
import type { Authorities, ObtainRequest } from '../../src/manage/managed-certificate.ts'
import { CertificateManager } from '../../src/manage/manager.ts'
import { readRenewalRecord } from '../../src/manage/renewal-record.ts'
import type { WantedCertificate } from '../../src/manage/wanted-certificates.ts'
import { installCertificate } from '../../src/store/certificates.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { eventually } from '../helpers/edge-process.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'

const hourMs = 3_600_000
const authority = await createTestAuthority() // its certificates live for a day, from an hour ago

interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: Record<string, unknown>
}

/** Managers of one store, with a clock that only the test moves, and a CA that does what the test says. */
function fixture(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-manager-'))
  const store = createMemoryStore()
  const orders: ObtainRequest[] = []
  const lines: LogLine[] = []
  const note = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, message, fields })
  const log = {
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    debug: note('debug'),
  } as unknown as Logger
  const ca = {
    now: Date.now(),
    ask: undefined as Authorities['ask'] | undefined,
    order: async (_: ObtainRequest) => {},
    delivers: ({ names }: WantedCertificate): readonly string[] => names,
  }
  const authorities: Authorities = {
    async obtain(request) {
      orders.push(request)
      await ca.order(request)
      const { name } = request.wanted
      const { certPem, keyPem } = await authority.issue(ca.delivers(request.wanted))
      await installCertificate(folder, { name, fullChainPem: `${certPem}\n`, privateKeyPem: `${keyPem}\n` })
      return { directory: 'https://ca.example/dir' }
    },
    ask: async (id, directory, signal) => ca.ask?.(id, directory, signal),
  }
  const managers: CertificateManager[] = []
  const start = (...wanted: readonly (readonly string[])[]) => {
    const refresh = async () => undefined
    const manager = new CertificateManager({ store, folder, refresh, authorities, log, now: () => ca.now })
    managers.push(manager)
    manager.manage(wanted.map(want))
    return manager
  }
  t.teardown(async () => {
    await Promise.all(managers.map((manager) => manager.close()))
    rmSync(folder, { recursive: true, force: true })
  })
  const state = async (name: string) => (await readRenewalRecord(store, name)).state
  /** Lets so much time pass and everybody look. */
  const pass = (ms: number) => {
    ca.now += ms
    for (const manager of managers) manager.wake()
  }
  const said = (message: string) => lines.filter((line) => line.message === message)
  return { folder, store, orders, lines, ca, start, state, pass, said }
}

const want = (texts: readonly string[]) => ({ name: String(texts[0]), names: parseCertificateNames(texts) })
const settle = () => new Promise((resolve) => setTimeout(resolve, 50))

t.test('gets what is missing and renews it when half of a short life is over', async (t) => {
  const { start, orders, pass, said } = fixture(t)
  const manager = start(['a.example'], ['b.example', 'www.b.example'])
  await eventually('both are there', () => said('certificate installed').length === 2)
  t.same(
    orders.map(({ reason }) => reason),
    ['missing', 'missing'],
  )
  pass(6 * hourMs)
  await settle()
  t.equal(orders.length, 2, 'not yet')
  t.ok(
    manager
      .statuses()
      .every(
        ({ notAfterMs = 0, nextAttemptMs }) =>
          nextAttemptMs > notAfterMs - 13.6 * hourMs && nextAttemptMs < notAfterMs - 12.4 * hourMs,
      ),
  )
  pass(7 * hourMs)
  await eventually('both are renewed', () => said('certificate installed').length === 4)
  t.same(
    orders.slice(2).map(({ reason }) => reason),
    ['due', 'due'],
  )
})

t.test('a failure is waited out, 1, 10, 100 minutes and a day, and survives a restart', async (t) => {
  const { start, orders, ca, pass, state, said } = fixture(t)
  ca.order = async () => {
    throw new EdgeError('ACME_EDGE_ACME_REFUSED', 'the CA says no')
  }
  const manager = start(['a.example'])
  const waits: number[] = []
  for (let failures = 1; failures <= 4; failures++) {
    await eventually(`failure ${failures}`, () => said('no certificate').length === failures)
    const { nextAttemptMs = 0, ...rest } = await state('a.example')
    t.match(rest, { failures, lastError: { code: 'ACME_EDGE_ACME_REFUSED', message: 'the CA says no' } })
    waits.push((nextAttemptMs - ca.now) / 60_000)
    pass(nextAttemptMs - ca.now - 1_000)
    await settle()
    t.equal(orders.length, failures, 'not a second too early')
    if (failures === 2) {
      await manager.close()
      start(['a.example'])
      await settle()
      t.equal(orders.length, failures, 'a restart does not forget')
    }
    pass(1_000)
  }
  for (const [i, minutes] of [1, 10, 100, 1440].entries())
    t.ok(Math.abs((waits[i] ?? 0) / minutes - 1) < 0.16, `${waits[i]} of ${minutes}`)
  ca.order = async () => {}
  await eventually('the fifth', () => orders.length === 5)
  pass(25 * hourMs)
  await eventually('it comes at last', () => said('certificate installed').length >= 1)
  t.match(await state('a.example'), { failures: 0, lastError: undefined })
})

t.test('a certificate that a command got from another CA is from that one', async (t) => {
  const { folder, ca, start, pass } = fixture(t)
  const asked: (string | undefined)[] = []
  ca.ask = async (_, directory) => {
    asked.push(directory)
    return { start: ca.now + 8 * hourMs, end: ca.now + 9 * hourMs, retryAtMs: ca.now + 6 * hourMs }
  }
  start(['a.example'])
  await eventually('its own was asked about', () => asked.length === 1)
  const { certPem, keyPem } = await authority.issue(['a.example'])
  const directory = 'https://other.example/dir'
  await installCertificate(folder, { name: 'a.example', fullChainPem: certPem, privateKeyPem: keyPem, directory })
  pass(0)
  await eventually('the other one, too', () => asked.length === 2)
  t.same(asked, ['https://ca.example/dir', directory])
})

t.test('the CA moves the window to the past: renewed at once, and the successor is asked about', async (t) => {
  const { start, orders, ca, pass, said, state } = fixture(t)
  const asked: string[] = []
  ca.ask = async (id) => {
    asked.push(id)
    const start = asked.length === 2 ? ca.now - 2 * hourMs : ca.now + 8 * hourMs
    return { start, end: start + hourMs, retryAtMs: ca.now + hourMs }
  }
  start(['a.example'])
  await eventually('it is there, and was asked about', () => asked.length === 1)
  pass(30 * 60_000)
  await settle()
  t.equal(asked.length, 1, 'not before the CA wants to be asked again')
  pass(30 * 60_000)
  await eventually('it is renewed, and the successor is asked about', () => asked.length === 3)
  t.same(
    orders.map(({ reason }) => reason),
    ['missing', 'due'],
  )
  t.match(orders[1]?.present, { id: asked[0] })
  t.equal(asked[1], asked[0])
  t.not(asked[2], asked[0])
  t.equal((await state('a.example')).certificateId, asked[2])
  pass(59 * 60_000)
  await settle()
  t.equal(said('certificate installed').length, 2)
})

t.test('two replicas, one order', async (t) => {
  const { start, orders, said } = fixture(t)
  const names = Array.from({ length: 20 }, (_, i) => [`n${i}.example`])
  for (let replica = 0; replica < 4; replica++) start(...names)
  await eventually('all are there', () => said('certificate installed').length === 20, 20_000)
  await settle()
  t.same(orders.map(({ wanted: { name } }) => name).sort(), names.flat().sort())
})

t.test('a limit of the CA delays and is no failure', async (t) => {
  const { start, ca, pass, state, said, orders } = fixture(t)
  ca.order = async () => {
    if (orders.length === 1)
      throw rateLimited({ allowed: false, atMs: ca.now + 2 * hourMs, limit: 'new_orders', why: 'used up' }, 'it')
  }
  start(['a.example'])
  await eventually('it is delayed', () => said('the order is delayed').length === 1)
  t.match(await state('a.example'), { failures: 0, lastError: undefined, nextAttemptMs: ca.now + 2 * hourMs })
  t.equal(said('no certificate').length, 0)
  pass(2 * hourMs)
  await eventually('then it comes', () => said('certificate installed').length === 1)
})

t.test('a change of the config is tried at once; what is gone from it is left alone', async (t) => {
  const { start, ca, orders, said } = fixture(t)
  ca.order = async ({ wanted }) => {
    if (wanted.names.some((name) => String(name) === 'wrong.example'))
      throw new EdgeError('ACME_EDGE_ACME_REFUSED', 'the CA says no')
  }
  const manager = start(['a.example', 'wrong.example'])
  await eventually('it fails', () => said('no certificate').length === 1)
  manager.manage([want(['a.example', 'right.example'])])
  await eventually('it comes', () => said('certificate installed').length === 1)
  manager.manage([want(['a.example', 'right.example', 'new.example']), want(['b.example'])])
  await eventually('both come', () => said('certificate installed').length === 3)
  t.same(orders.map(({ reason }) => reason).sort(), ['missing', 'missing', 'missing', 'names'])
  manager.manage([])
  t.same(manager.statuses(), [])
})

t.test('a store that is away: one line, and one when it is back', async (t) => {
  const { start, store, pass, lines, said } = fixture(t)
  const { read } = store
  store.read = async () => {
    throw new EdgeError('ACME_EDGE_STORE_UNREADABLE', 'gone')
  }
  start(['a.example'])
  await settle()
  for (let i = 0; i < 5; i++) {
    pass(31_000)
    await settle()
  }
  t.equal(lines.length, 1)
  t.match(lines[0], { level: 'error', fields: { error: 'gone', name: 'a.example' } })
  store.read = read
  pass(31_000)
  await eventually('it goes on', () => said('certificate installed').length === 1)
  t.equal(said('the certificate is looked after again').length, 1)
})

t.test('an installed certificate that is not there is a failure, not a loop of orders', async (t) => {
  const { start, orders, ca, pass, said } = fixture(t)
  ca.delivers = ({ names }) => names.slice(0, 1)
  start(['a.example', 'b.example'])
  await eventually('it is noticed', () => said('no certificate').length === 1)
  t.match(said('no certificate')[0]?.fields, { error: /lacks b\.example/, failures: 1 })
  await settle()
  t.equal(orders.length, 1)
  ca.delivers = ({ names }) => names
  pass(2 * 60_000)
  await eventually('the next one is whole', () => said('certificate installed').length === 1)
})

t.test('closing interrupts an order that hangs', async (t) => {
  const { start, ca, orders } = fixture(t)
  let release = () => {}
  ca.order = () =>
    new Promise<void>((resolve) => {
      release = resolve
    }) // prettier-ignore
  const manager = start(['a.example'])
  await eventually('it is under way', () => orders.length === 1)
  const closed = manager.close()
  release()
  await closed
  t.equal(orders.length, 1)
})
