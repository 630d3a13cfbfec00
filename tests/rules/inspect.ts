import { fileURLToPath } from 'node:url'
import { PASS, type RawHeaders, type Verdict } from '../../src/http.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import type { RuleSet } from '../../src/waf/transaction-types.ts'

export interface Probe {
  readonly method?: string
  /** Request target as on the wire. */
  readonly target?: string
  /** Host, User-Agent and Accept are added where the probe does not set them; `undefined` leaves one out. */
  readonly headers?: Record<string, string | undefined>
  /** Sent after `headers`, for duplicates. */
  readonly moreHeaders?: RawHeaders
  readonly body?: string
}

/** A body of multipart/form-data; `\r\n` throughout, boundary `b0undary`. */
export function multipart(...parts: readonly { head: string; content: string }[]): Probe {
  const text = parts.map(
    ({ head, content }) => `--b0undary\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`,
  )
  return {
    method: 'POST',
    target: '/upload',
    headers: { 'Content-Type': 'multipart/form-data; boundary=b0undary' },
    body: `${text.join('')}--b0undary--\r\n`,
  }
}

export function json(value: unknown): Probe {
  return {
    method: 'POST',
    target: '/api',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(value),
  }
}

export function form(fields: Record<string, string>): Probe {
  return {
    method: 'POST',
    target: '/form',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  }
}

export function query(value: string): Probe {
  return { target: `/search?q=${encodeURIComponent(value)}` }
}

export function loadShippedRules(): Promise<RuleSet> {
  return loadRuleSet({ files: [fileURLToPath(new URL('../../rules/acme-edge.conf', import.meta.url))], mode: 'block' })
}

/** Phases 1 and 2 of one request. */
export async function inspect(rules: RuleSet, probe: Probe): Promise<Verdict> {
  const transaction = rules.begin({
    id: 'probe',
    receivedAtMs: 0,
    client: { address: '192.0.2.1', port: 40000 },
    server: { address: '192.0.2.2', port: 443 },
    method: probe.method ?? 'GET',
    target: probe.target ?? '/',
    protocol: 'HTTP/1.1',
    headers: headersOf(probe),
  })
  let verdict = await transaction.requestHeaders()
  if (verdict.kind === 'pass') {
    const isBuffered = transaction.requestBodyPlan().kind === 'buffer'
    verdict = await transaction.requestBody(
      isBuffered && probe.body !== undefined ? Buffer.from(probe.body, 'utf8') : undefined,
    )
  }
  await transaction.finish()
  return verdict.kind === 'pass' ? PASS : verdict
}

/** A verdict in one word: `pass`, or what happened and the rule. */
export function show(verdict: Verdict): string {
  return verdict.kind === 'pass' ? 'pass' : `${verdict.kind} ${verdict.ruleId}`
}

function headersOf({ headers = {}, moreHeaders = [], body }: Probe): RawHeaders {
  const all: Record<string, string | undefined> = {
    Host: 'shop.example',
    'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  return [...Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [name, value])), ...moreHeaders]
}
