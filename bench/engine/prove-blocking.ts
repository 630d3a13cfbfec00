import type { RuleSet } from '../../src/waf/transaction-types.ts'
import type { BenchRequest } from '../requests/bench-request.ts'
import { Values } from '../requests/values.ts'
import type { Workload } from '../requests/workloads.ts'
import type { LibModSecurity } from './libmodsecurity.ts'
import { inspect, type Outcome } from './own-engine.ts'

const BENIGN_REQUESTS = 20

/**
 * An engine that lets everything through is fast: before any figure, each side has to block the attack of the workload, to
 * pass its benign requests, and both have to log the same rules for these.
 */
export async function proveBlocking(
  { name, benign, attack }: Workload,
  { rules, peer, seed }: { rules: RuleSet; peer: LibModSecurity | undefined; seed: number },
): Promise<void> {
  const values = new Values(seed)
  const requests = [attack(values), ...Array.from({ length: BENIGN_REQUESTS }, () => benign(values))]
  const own: Outcome[] = []
  for (const request of requests) own.push(await inspect(rules, request))
  judge('acme-edge', own, { name, requests })
  const others = await peer?.inspect(requests)
  if (others === undefined) return
  judge('libmodsecurity', others, { name, requests })
  for (const [i, request] of requests.entries()) {
    const [left, right] = [ids(own[i]), ids(others[i])]
    if (i > 0 && left !== right)
      throw new Error(`${name}: acme-edge logs [${left}], libmodsecurity [${right}] for ${request.target}`)
  }
}

function judge(
  engine: string,
  outcomes: readonly Outcome[],
  { name, requests }: { name: string; requests: readonly BenchRequest[] },
): void {
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.blocked === (i === 0)) continue
    const what = i === 0 ? 'passes the attack' : 'blocks a benign request'
    throw new Error(`${name}: ${engine} ${what}: ${requests[i]?.target} (rules ${ids(outcome)})`)
  }
}

function ids(outcome: Outcome | undefined): string {
  return [...new Set(outcome?.ruleIds)].sort((a, b) => a - b).join(' ')
}
