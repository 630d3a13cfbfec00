import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { installCertificate } from '../../src/store/certificates.ts'
import { certificateMaker } from '../certificates.ts'
import { type Child, startOn } from '../network/child.ts'
import { installPeers } from '../network/install-peers.ts'
import { requirePrograms } from '../network/installed.ts'
import { writeOrigin } from '../network/origin.ts'
import { prepareAcmeEdge } from '../network/proxies.ts'
import { networkWorkloads } from '../network/workloads.ts'
import { choose, type Options } from '../options.ts'
import { Values } from '../requests/values.ts'
import { findCoreRuleSet, writeRules } from '../rule-files.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { measureRound, type ScaledEdge } from './measure-round.ts'
import { printScalingReport } from './scaling-report.ts'

export const scalingOptions = ['crs', 'workload', 'level', 'rounds', 'seconds', 'seed'] as const

const FIRST_PORT = 19_700
const WARM_UP_SECONDS = 8

/** The first is what others are compared with. One worker alone also uses other processors, for V8's helper threads. */
const sides = [
  { workers: 1, processors: 1 },
  { workers: 1, processors: availableParallelism() },
  { workers: 2, processors: availableParallelism() },
]

/**
 * What a second processor with a worker of its own brings: acme-edge on one and on two, by turns, which it shares with load and
 * origin. A request that takes the WAF long leaves the load little to do, so that what is measured is the edge.
 */
export async function benchScaling(options: Options): Promise<void> {
  const crs = findCoreRuleSet(options)
  const [workload] = choose(networkWorkloads, [options.text('workload', 'json')]) // `choose` has found it
  installPeers()
  requirePrograms(['nginx', 'wrk', 'taskset'])
  const folder = temporaryFolder()
  const cpus = `0-${availableParallelism() - 1}`
  const children: Child[] = []
  try {
    const origin = await startOn(cpus, writeOrigin(folder, FIRST_PORT), FIRST_PORT)
    children.push(origin)
    const ruleFile = writeRules(folder, { crs, level: options.number('level', 4) })
    const edges: ScaledEdge[] = []
    for (const [i, { workers, processors }] of sides.entries()) {
      const port = FIRST_PORT + 2 * (i + 1)
      const child = await startEdge({ workers, processors, port }, { folder, ruleFile })
      children.push(child)
      edges.push({ workers, processors, pid: child.pid, port, rounds: [] })
    }
    const values = new Values(options.number('seed', 1))
    const measure = {
      workload: workload as (typeof networkWorkloads)[number],
      values,
      folder,
      cpus,
      origin: origin.pid,
    }
    for (const edge of edges) await measureRound(edge, { ...measure, seconds: WARM_UP_SECONDS })
    for (const edge of edges) edge.rounds.length = 0
    const [rounds, seconds] = [options.number('rounds', 5), options.number('seconds', 4)]
    for (let round = 0; round < rounds; round++)
      for (const edge of edges) await measureRound(edge, { ...measure, seconds })
    printScalingReport(edges, { rounds, seconds, cpus: availableParallelism() }, options)
  } finally {
    for (const child of children.reverse()) await child.stop()
  }
}

async function startEdge(
  { workers, processors, port }: { workers: number; processors: number; port: number },
  { folder, ruleFile }: { folder: string; ruleFile: string },
): Promise<Child> {
  const own = join(folder, String(port))
  mkdirSync(own)
  const store = join(own, 'store')
  await installCertificate(store, await (await certificateMaker())('localhost'))
  const setting = { folder: own, originPort: FIRST_PORT, httpPort: port, httpsPort: port + 1, ruleFile, store, workers }
  return startOn(`0-${processors - 1}`, prepareAcmeEdge(setting), port)
}
