import { join } from 'node:path'
import t from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import type { Store } from '../../src/store/contract.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { openChallengeListener } from '../helpers/challenge-listener.ts'
import { type Exchange, type Fault, startFaultProxy } from '../helpers/fault-proxy.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'
import { type Random, randomFrom } from '../helpers/random.ts'
import { runSize } from '../helpers/run-size.ts'

t.setTimeout(300_000)
/** One request in so many meets a fault. */
const oneIn = 6
const mostAttempts = 20
const atOnce = 4
/** Pebble lists three orders a page, and each page may meet a fault. */
const namesOfAccount = 16

t.test(
  'any faults in any sequence: the certificate comes in the end, nearly always with one order',
  { skip: pebbleMissing() },
  async (t) => {
    const { seed, count } = runSize({ usual: 16, full: 200 })
    t.comment(`seed ${seed}`)
    const random = randomFrom(seed)
    const base = t.testdir()
    const publisher = await openChallengeListener()
    t.teardown(() => publisher.close())
    const pebble = await startPebble({ folder: join(base, 'pebble'), httpPort: publisher.port, nonceReject: 10 })
    t.teardown(() => pebble.stop())
    let faults = 0
    const reached: string[] = []
    const proxy = await startFaultProxy(
      pebble,
      (exchange) => {
        const fault = chooseFault(exchange, random)
        if (fault !== undefined) faults++
        return fault
      },
      ({ path, payload }, status) => {
        if (path.startsWith('/order-plz') && status === 201) reached.push(payload)
      },
    )
    t.teardown(() => proxy.close())
    const acme = { directory: proxy.directory, rootCa: pebble.rootCa, contact: [], certificates: [] }
    let attempts = 0
    const obtain = async (name: string, place: Place) => {
      for (let attempt = 1; ; attempt += 1) {
        attempts++
        try {
          const signal = AbortSignal.timeout(60_000)
          await issueCertificate({ names: parseCertificateNames([name]), acme, ...place, publisher, signal })
          return
        } catch (error) {
          if (attempt === mostAttempts) throw error
        }
      }
    }
    const names = Array.from({ length: count }, (_, i) => `n${i}.example`)
    for (let begin = 0; begin < count; begin += namesOfAccount) {
      const certificateFolder = join(base, `certs-${begin}`)
      const store = await openFileStore({ folder: certificateFolder, log: { warn: () => undefined } })
      const left = names.slice(begin, begin + namesOfAccount)
      const work = async () => {
        for (let name = left.shift(); name !== undefined; name = left.shift()) {
          await obtain(name, { store, certificateFolder })
          t.same((await loadCertificate(certificateFolder, name))?.names, [name]) // throws for a key that does not fit
          const orders = reached.filter((payload) => payload.includes(`"${name}"`)).length
          // An attempt that ends withdraws its token; the CA may look after that, and the order is lost.
          t.equal(orders, publisher.missed.includes(name) ? 2 : 1, `${name}, seed ${seed}`)
        }
      }
      await Promise.all(Array.from({ length: atOnce }, work))
      t.same(await store.list('orders/'), [])
    }
    const lost = new Set(publisher.missed).size
    t.equal(reached.length, count + lost, `orders of the CA, seed ${seed}`)
    t.ok(lost <= count / 10, `${lost} orders lost`)
    t.ok(faults > count, `${faults} faults`)
    t.equal(publisher.active(), 0)
    t.comment(`${count} certificates, ${faults} faults, ${attempts} attempts, ${reached.length} orders`)
  },
)

interface Place {
  readonly store: Store
  readonly certificateFolder: string
}

/** Such as pass: a CA that says no means it. */
function chooseFault({ path }: Exchange, random: Random): Fault | undefined {
  if (random.below(oneIn) > 0) return undefined
  const problem = (type: string, status: number) =>
    JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: 'a fault of the test', status })
  const faults: readonly Fault[] = [
    { kind: 'lose reply' },
    { kind: 'lose reply' },
    { kind: 'slow', ms: 300 },
    { kind: 'answer', status: 503, headers: { 'retry-after': '1', 'content-type': 'text/plain' }, body: 'busy' },
    { kind: 'answer', status: 502, headers: { 'content-type': 'text/html' }, body: '<html>no backend' },
    { kind: 'answer', status: 500, body: problem('serverInternal', 500) },
    { kind: 'answer', status: 429, headers: { 'retry-after': '1' }, body: problem('rateLimited', 429) },
  ]
  // The directory is read anew by every attempt; let most of them begin.
  return path === '/dir' && random.below(3) > 0 ? undefined : random.pick(faults)
}
