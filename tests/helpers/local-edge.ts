import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { EdgeConfig } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { AccessRecord } from '../../src/edge/access-log.ts'
import { type EdgeServices, type RunningEdge, startEdge } from '../../src/edge/start.ts'
import { createLog } from '../../src/log.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import type { RuleSet } from '../../src/waf/transaction-types.ts'
import { writeCertificate } from './certificate.ts'
import type { Target } from './raw-client.ts'
import { type RecordingOrigin, startOrigin } from './recording-origin.ts'

export interface LocalEdgeOptions {
  /** Default: one recording origin. */
  readonly origins?: readonly string[]
  readonly site?: Record<string, unknown>
  /** SecLang text. Default: `SecRuleEngine On` and nothing else. */
  readonly rules?: string
  readonly mode?: 'block' | 'detect' | 'off'
  readonly limits?: Record<string, unknown>
  readonly certificateFor?: readonly string[]
  readonly extra?: Record<string, unknown>
  /** Stands in for the compiled rules, to see what a failing WAF does. */
  readonly ruleSet?: RuleSet
  readonly services?: Partial<EdgeServices>
}

export interface LocalEdge {
  readonly edge: RunningEdge
  readonly origin: RecordingOrigin
  readonly folder: string
  readonly http: Target
  readonly https: Target
  readonly records: AccessRecord[]
  /** Reads the config again, with other rules or keys. */
  config(changes?: Partial<LocalEdgeOptions>): Promise<EdgeConfig>
  close(): Promise<void>
}

/** An edge in this process, in front of a recording origin; everything real but the launcher. */
export async function startLocalEdge(t: Test, options: LocalEdgeOptions = {}): Promise<LocalEdge> {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-local-'))
  mkdirSync(join(folder, 'store'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  if (options.certificateFor) await writeCertificate(join(folder, 'store'), options.certificateFor)
  const config = (changes: Partial<LocalEdgeOptions> = {}) => readConfig(folder, origin, { ...options, ...changes })
  const records: AccessRecord[] = []
  const services: EdgeServices = {
    log: createLog('silent'),
    loadRules: async ({ waf }) => options.ruleSet ?? loadRuleSet({ files: waf.rules, mode: waf.mode }),
    observe: (record) => records.push(record),
    accessLog: undefined,
    ...options.services,
  }
  const edge = await startEdge(await config(), services)
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= edge.close()
    return closed
  }
  t.teardown(close)
  const [serverName = 'shop.example'] = options.certificateFor ?? []
  return {
    ...{ edge, origin, folder, records, config, close },
    http: { port: edge.addresses.http[0]?.port ?? 0 },
    https: { port: edge.addresses.https[0]?.port ?? 0, serverName },
  }
}

async function readConfig(folder: string, origin: RecordingOrigin, options: LocalEdgeOptions): Promise<EdgeConfig> {
  mkdirSync(join(folder, 'rules'), { recursive: true })
  writeFileSync(join(folder, 'rules/test.conf'), options.rules ?? 'SecRuleEngine On\n')
  const https = options.certificateFor === undefined ? {} : { https: ['127.0.0.1:0'] }
  const config = {
    listen: { http: ['127.0.0.1:0'], ...https },
    sites: [{ hosts: ['*'], origin: options.origins ?? [origin.url], ...options.site }],
    waf: { mode: options.mode ?? 'block', rules: ['rules/test.conf'], error_log: 'waf.log', audit_log: 'audit.jsonl' },
    store: 'file:store',
    log: { access: 'off' },
    limits: { drain_timeout: '300ms', ...options.limits },
    ...options.extra,
  }
  writeFileSync(join(folder, 'edge.yaml'), JSON.stringify(config))
  return loadConfig(join(folder, 'edge.yaml'))
}
