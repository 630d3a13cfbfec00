import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { CertificateTable } from '../../src/edge/certificate-table.ts'
import { createLog } from '../../src/log.ts'
import { certificateMaker } from '../certificates.ts'
import { collectGarbage } from '../engine/collector-time.ts'
import { median } from '../statistics.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { Point, Series } from './series.ts'

const counts = [1, 10, 100, 1_000, 10_000]
const SAMPLES = 200

interface Measured {
  readonly count: number
  readonly startMs: number
  /** Resident memory for each certificate, after the start and before any was asked for. */
  readonly bytesEach: number
  readonly firstUs: number
  readonly laterNs: number
}

const measured = { once: undefined as Promise<Measured[]> | undefined }
const common = { xUnit: 'certificates' }

/** A store with more and more certificates: starting with it, and the first and the later handshakes for a name. */
export const byCertificates: readonly Series[] = [
  {
    ...common,
    name: 'certificate-start',
    title: 'starting with certificates in the store',
    yUnit: 'ms',
    expectation: 'linear',
    measure: () =>
      each(({ count, startMs, bytesEach }) => {
        return count < 1_000 ? [startMs] : [startMs, `${Math.round(bytesEach / 1000)} kB resident each`]
      }),
  },
  {
    ...common,
    name: 'certificate-first',
    title: 'first handshake for a name',
    yUnit: 'µs',
    expectation: 'constant',
    measure: () => each(({ firstUs }) => [firstUs]),
  },
  {
    ...common,
    name: 'certificate-later',
    title: 'later handshakes for it',
    yUnit: 'ns',
    expectation: 'constant',
    measure: () => each(({ laterNs }) => [laterNs]),
  },
]

async function each(pick: (one: Measured) => [number, string?]): Promise<Point[]> {
  measured.once ??= measureAll() // one store serves all three
  return (await measured.once).map((one) => {
    const [y, note] = pick(one)
    return { x: one.count, y, ...(note === undefined ? {} : { note }) }
  })
}

async function measureAll(): Promise<Measured[]> {
  const memory = '/dev/shm' // a disk's speed is not what is measured
  const folder = existsSync(memory) ? temporaryFolder(memory) : temporaryFolder()
  const make = await certificateMaker()
  const results: Measured[] = []
  let written = 0
  for (const count of counts) {
    for (; written < count; written++) {
      const { name, fullChainPem, privateKeyPem } = await make(nameOf(written))
      const live = join(folder, 'live', name)
      mkdirSync(live, { recursive: true, mode: 0o700 })
      writeFileSync(join(live, 'fullchain.pem'), fullChainPem)
      writeFileSync(join(live, 'privkey.pem'), privateKeyPem, { mode: 0o600 })
    }
    results.push(await measureTable(folder, count))
  }
  return results
}

async function measureTable(folder: string, count: number): Promise<Measured> {
  const table = new CertificateTable(folder, createLog('silent'))
  collectGarbage()
  const before = process.memoryUsage.rss()
  const startedAt = performance.now()
  await table.loadAll()
  const startMs = performance.now() - startedAt
  collectGarbage()
  const bytesEach = Math.max(0, process.memoryUsage.rss() - before) / count
  const find = table.sniCallback()
  const names = Array.from({ length: Math.min(SAMPLES, count) }, (_, i) => nameOf((i * 7919) % count))
  const first: number[] = []
  for (const name of names) first.push((await timeSni(find, name)) * 1000)
  const later: number[] = []
  for (let i = 0; i < 10 * SAMPLES; i++) later.push((await timeSni(find, names[i % names.length] ?? '')) * 1e6)
  return { count, startMs, bytesEach, firstUs: median(first), laterNs: median(later) }
}

/** Milliseconds until the context for a name is there. */
function timeSni(find: ReturnType<CertificateTable['sniCallback']>, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    // The socket is looked at only when there is no certificate for the name.
    find.call({} as TLSSocket, name, (error, context) => {
      if (context === undefined) reject(error ?? new Error(`no certificate for ${name}`))
      else resolve(performance.now() - startedAt)
    })
  })
}

function nameOf(i: number): string {
  return `shop-${i}.example`
}
