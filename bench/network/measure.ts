import { join } from 'node:path'
import type { BenchRequest } from '../requests/bench-request.ts'
import { rawMessage } from '../requests/raw-message.ts'
import { Values } from '../requests/values.ts'
import { median } from '../statistics.ts'
import { untilWarm } from '../until-warm.ts'
import { cpuMs, forgetPeakMemory, peakMemory } from './child.ts'
import type { LoadResult } from './load.ts'
import { loadWithH2load } from './load-h2load.ts'
import { loadAtRate, type OpenLoopResult } from './load-open-loop.ts'
import { loadWithWrk } from './load-wrk.ts'
import type { RunningProxy } from './proxy-pool.ts'
import { writeRequests } from './request-file.ts'
import { sendOne } from './send-one.ts'
import type { NetworkWorkload } from './workloads.ts'

/** What a proxy did under a workload, round by round. */
export interface Measured {
  readonly proxy: string
  readonly rounds: LoadResult[]
  /** Processor time of the proxy, microseconds a request. */
  readonly cpuUs: number[]
  peakMemoryBytes: number
  /** At half of the peer's top load; undefined where that is not measured. */
  atHalfLoad: OpenLoopResult | undefined
}

export interface MeasureOptions {
  readonly folder: string
  readonly rounds: number
  readonly seconds: number
  readonly seed: number
  /** Ends the measurement at half load, too. */
  readonly halfLoad: boolean
}

const WARM_UP_SECONDS = 2
/** Loads of that length before the first round, at most. */
const LONGEST_WARM_UP = 6
/** A round with fewer answers says little: it is repeated and takes longer. */
const LEAST_REQUESTS = 50
const LONGEST_SECONDS = 20
/** What the warm-up is prepared for; a round for what the one before took. */
const FIRST_GUESS_PER_SECOND = 4_000

/** Proves that the WAFs block, warms all up, and lets the proxies take turns, so that noise meets each of them. */
export async function measureWorkload(
  workload: NetworkWorkload,
  { proxies, options }: { proxies: readonly RunningProxy[]; options: MeasureOptions },
): Promise<Measured[]> {
  const values = new Values(options.seed)
  for (const proxy of proxies) await prove(proxy, { workload, values })
  const measured: Measured[] = proxies.map(({ name }) => {
    return { proxy: name, rounds: [], cpuUs: [], peakMemoryBytes: 0, atHalfLoad: undefined }
  })
  const expected: number[] = []
  for (const proxy of proxies) {
    expected.push(await warmUp(proxy, { workload, values, seconds: WARM_UP_SECONDS, folder: options.folder }))
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const [i, proxy] of proxies.entries()) {
      const row = measured[i] as Measured // one for each proxy
      forgetPeakMemory(proxy.pid)
      const before = cpuMs(proxy.pid)
      const result = await load(proxy, { workload, values, expected: expected[i], ...options })
      expected[i] = result.perSecond
      row.rounds.push(result)
      row.cpuUs.push(((cpuMs(proxy.pid) - before) * 1000) / result.requests)
      row.peakMemoryBytes = Math.max(row.peakMemoryBytes, peakMemory(proxy.pid))
    }
  }
  if (options.halfLoad) await measureHalfLoad(workload, { proxies, measured, values, options })
  return measured
}

/** A proxy without its WAF is fast: the benign request has to pass, and a WAF has to answer the attack with 403. */
async function prove(
  proxy: RunningProxy,
  { workload, values }: { workload: NetworkWorkload; values: Values },
): Promise<void> {
  const status = (request: BenchRequest) => {
    const secure = workload.transport !== 'http'
    const message = rawMessage(request, { close: true })
    return sendOne(secure ? proxy.httpsPort : proxy.httpPort, { message, secure })
  }
  const [benign, attack] = [await status(workload.make(values)), await status(workload.attack(values))]
  const wanted = proxy.hasWaf ? 403 : 200
  if (benign === 200 && attack === wanted) return
  throw new Error(`${workload.name}: ${proxy.name} answers ${benign} to the benign request and ${attack} to the attack`)
}

/** Loads the proxy until it gets no faster. Returns requests a second. */
function warmUp(proxy: RunningProxy, options: LoadOptions): Promise<number> {
  return untilWarm(LONGEST_WARM_UP, async (best) => {
    return (await load(proxy, best === undefined ? options : { ...options, expected: best })).perSecond
  })
}

interface LoadOptions {
  readonly workload: NetworkWorkload
  readonly values: Values
  readonly seconds: number
  readonly folder: string
  /** Requests a second. */
  readonly expected?: number | undefined
}

async function load(proxy: RunningProxy, options: LoadOptions): Promise<LoadResult> {
  const { workload, values, seconds, folder, expected = FIRST_GUESS_PER_SECOND } = options
  const file = join(folder, 'requests')
  const count = workload.values === 'same' ? 1 : Math.ceil(expected * 1.5 * seconds)
  const result = await (workload.transport === 'http2' ? http2() : http1())
  if (result.requests < LEAST_REQUESTS && seconds < LONGEST_SECONDS)
    return load(proxy, { ...options, seconds: Math.min(LONGEST_SECONDS, seconds * 4) })
  check(result, { workload, proxy })
  return result

  function http1(): Promise<LoadResult> {
    const written = writeRequests(file, workload, { values, count })
    const [scheme, host] = workload.transport === 'https' ? ['https', 'localhost'] : ['http', '127.0.0.1']
    const port = workload.transport === 'https' ? proxy.httpsPort : proxy.httpPort
    return loadWithWrk(`${scheme}://${host}:${port}/`, { file, count: written, seconds })
  }

  function http2(): Promise<LoadResult> {
    const requests = Array.from({ length: count }, () => workload.make(values))
    return loadWithH2load(`https://localhost:${proxy.httpsPort}`, { requests, seconds, file })
  }
}

/** A WAF has to block the attacks among the requests and nothing else; without one nothing may be refused. */
function check(
  { requests, refused }: LoadResult,
  { workload, proxy }: { workload: NetworkWorkload; proxy: RunningProxy },
): void {
  const wanted = proxy.hasWaf ? workload.attacks : 0
  const share = refused / requests
  const isRight = wanted === 0 ? refused === 0 : Math.abs(share - wanted) < 0.02 + 20 / requests
  if (isRight && requests > 0) return
  throw new Error(`${workload.name}: ${proxy.name} refused ${refused} of ${requests} requests`)
}

/** The peer is nginx + libmodsecurity: half of its top load is what both get. */
async function measureHalfLoad(
  workload: NetworkWorkload,
  {
    proxies,
    measured,
    values,
    options,
  }: { proxies: readonly RunningProxy[]; measured: readonly Measured[]; values: Values; options: MeasureOptions },
): Promise<void> {
  const peer = measured.find(({ proxy }) => proxy.includes('libmodsecurity'))
  if (peer === undefined || workload.transport !== 'http' || workload.close) return
  const rate = median(peer.rounds.map(({ perSecond }) => perSecond)) / 2
  const seconds = options.seconds * options.rounds
  const file = join(options.folder, 'requests')
  for (const [i, proxy] of proxies.entries()) {
    writeRequests(file, workload, { values, count: Math.ceil(rate * seconds) + 1 })
    const row = measured[i] as Measured // one for each proxy
    row.atHalfLoad = await loadAtRate(proxy.httpPort, { rate, seconds, file })
  }
}
