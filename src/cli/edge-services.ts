import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createMetrics, type EdgeMetrics } from '../admin/metrics.ts'
import type { EdgeConfig } from '../config/config.ts'
import type { AccessRecord } from '../edge/access-log.ts'
import type { EdgeServices, RunningEdge } from '../edge/start.ts'
import { InspectionThreads } from '../inspection-threads/inspection-threads.ts'
import { type AccessLogger, createAccessLogger, type Logger } from '../log.ts'
import type { Offload } from '../waf/offload.ts'
import { persistentNames } from '../waf/persistent/names.ts'
import type { PersistentCollections } from '../waf/persistent/persistent-collections.ts'
import { loadRuleSet } from '../waf/rule-set.ts'
import type { RuleSet } from '../waf/transaction-types.ts'

export interface BuiltServices {
  readonly services: EdgeServices
  readonly metrics: EdgeMetrics
  /** Gauges are read from the edge once it runs. */
  attach(edge: RunningEdge): void
  /** Call it when the edge has closed. */
  close(): Promise<void>
}

/**
 * Wires what one process of an edge needs. `log` is the program's own log; `collections` is what the rules remember, whatever
 * rules are loaded.
 */
export function buildServices(config: EdgeConfig, log: Logger, collections: PersistentCollections): BuiltServices {
  let edge: RunningEdge | undefined
  const accessLogger = openAccessLog(config, log)
  const threads = new InspectionThreads({ count: config.limits.inspectionThreads })
  const metrics = createMetrics({
    connections: () => edge?.connections() ?? 0,
    certificates: () => edge?.certificates.certificates() ?? [],
    collections: () => persistentNames.map((name) => ({ name, count: collections.size(name) })),
  })
  return {
    metrics,
    async close() {
      accessLogger?.close()
      await threads.close()
    },
    attach(running) {
      edge = running
    },
    services: {
      log,
      async loadRules(wanted) {
        const rules = await loadRules(wanted, { log, collections, offload: threads })
        threads.resize({ count: wanted.limits.inspectionThreads })
        return rules
      },
      observe: ({ status, notes, durationMs }: AccessRecord) =>
        metrics.observeRequest({
          status,
          verdict: notes.verdict,
          durationMs,
          originMs: notes.originMs,
          wafMs: notes.wafMs,
        }),
      accessLog: accessLogger?.log,
    },
  }
}

export interface RuleParts {
  readonly log?: Logger
  /** Default: the rules remember for themselves. */
  readonly collections?: PersistentCollections
  /** Default: every comparison is made here. */
  readonly offload?: Offload
}

/**
 * Compiles the rules of a config; what they say without effect is logged, where there is a log. Throws EdgeError ACME_EDGE_RULES_INVALID with
 * every problem and its place.
 */
export async function loadRules({ waf }: EdgeConfig, parts: RuleParts = {}): Promise<RuleSet> {
  const { log, ...given } = parts
  const rules = await loadRuleSet({ files: waf.rules, mode: waf.mode, ...given })
  for (const { location, message } of rules.warnings) {
    log?.warn({ file: location.file, line: location.line }, message)
  }
  return rules
}

function openAccessLog({ log: { access } }: EdgeConfig, log: Logger): AccessLogger | undefined {
  if (access === 'off') return undefined
  if (access === 'stdout') return createAccessLogger(1, log)
  mkdirSync(dirname(access.file), { recursive: true })
  return createAccessLogger(access.file, log)
}
