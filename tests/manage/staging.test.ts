import { join } from 'node:path'
import t from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { configuredAuthorities } from '../../src/manage/authorities.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { openChallengeListener } from '../helpers/challenge-listener.ts'
import { type Exchange, startFaultProxy } from '../helpers/fault-proxy.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'

const isNewOrder = ({ path }: Exchange) => path.startsWith('/order-plz')

t.test(
  'after a failure the order goes to staging first, and on only when that went well',
  { skip: pebbleMissing() },
  async (t) => {
    const publisher = await openChallengeListener()
    t.teardown(() => publisher.close())
    const pebble = await startPebble({ folder: join(t.testdir(), 'pebble'), httpPort: publisher.port })
    t.teardown(() => pebble.stop())
    const [production, staging] = await Promise.all([
      startFaultProxy(pebble, () => undefined),
      startFaultProxy(pebble, () => undefined),
    ])
    t.teardown(async () => void (await Promise.all([production.close(), staging.close()])))
    const folder = join(t.testdirName, 'certs')
    const store = await openFileStore({ folder, log: { warn: () => undefined } })
    const acme = {
      directory: production.directory,
      staging: staging.directory,
      rootCa: pebble.rootCa,
      contact: [],
      certificates: [],
    }
    const authorities = configuredAuthorities({ acme: () => acme, store, folder, publisher, now: Date.now })
    const signal = AbortSignal.timeout(60_000)
    const obtain = (failures: number) => {
      const wanted = { name: 'a.example', names: parseCertificateNames(['a.example']) }
      const record = { directory: undefined, state: { failures } }
      return authorities.obtain({ wanted, present: undefined, record, reason: 'missing' }, signal)
    }
    const orders = () => [production.seen.filter(isNewOrder).length, staging.seen.filter(isNewOrder).length]

    await obtain(0)
    t.same(orders(), [1, 0])
    await obtain(1)
    t.same(orders(), [2, 1])
    t.same(publisher.told, ['a.example', 'a.example'], 'what came from staging is not installed')

    const { publish } = publisher
    publisher.publish = async () => undefined
    await t.rejects(obtain(2), { code: 'ACME_EDGE_ACME_VALIDATION_FAILED' })
    t.same(orders(), [2, 2], 'the real directory did not hear of it')
    publisher.publish = publish
    await obtain(3)
    t.same(orders(), [3, 3])
    t.equal(publisher.active(), 0)
    t.same(await store.list('orders/'), [])
  },
)
