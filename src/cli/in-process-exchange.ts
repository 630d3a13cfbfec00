import { isIP } from 'node:net'
import type { LimitsConfig } from '../config/config.ts'
import { openInMemoryEdge } from '../edge/in-memory-edge.ts'
import type { RuleLog } from '../edge/rule-log.ts'
import type { Exchange } from '../waf/regression/run-tests.ts'
import type { RuleSet } from '../waf/transaction-types.ts'
import { reflectingSites } from './reflecting-origin.ts'
import { roundTrip } from './round-trip.ts'

/** Nobody is at the other end but this process: whoever waits this long waits for bytes that the test does not send. */
const ANSWER_TIMEOUT_MS = 3_000

export interface OpenExchange {
  readonly exchange: Exchange
  close(): Promise<void>
}

/** Tests in this process: raw bytes through the edge's own guard, parser and pipeline, to an origin in memory. */
export async function openInProcessExchange(rules: RuleSet, limits: LimitsConfig): Promise<OpenExchange> {
  const log = collectingLog()
  const edge = await openInMemoryEdge({ rules, limits, sites: reflectingSites(), ruleLog: log })
  return {
    async exchange({ bytes, destination: { address, port } }) {
      const server = { address: isIP(address) === 0 ? '127.0.0.1' : address, port }
      log.take()
      const connection = edge.connect({ peer: { address: '127.0.0.1', port: 40_000 }, server })
      const answer = await roundTrip(connection, bytes, ANSWER_TIMEOUT_MS)
      if (answer.kind === 'response') await edge.whenIdle(ANSWER_TIMEOUT_MS) // bytes after the request have a record, too
      connection.destroy()
      await edge.whenIdle(ANSWER_TIMEOUT_MS)
      return { answer, lines: log.take() }
    },
    close: () => edge.close(),
  }
}

/** Keeps the lines until they are taken. */
function collectingLog(): RuleLog & { take(): readonly string[] } {
  let lines: string[] = []
  return {
    write: (transaction) => void lines.push(...transaction.logged.map(({ line }) => line)),
    close: () => undefined,
    take() {
      const taken = lines
      lines = []
      return taken
    },
  }
}
