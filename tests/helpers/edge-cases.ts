import type { Test } from 'tap'
import { type EdgeOptions, type EdgeProcess, startEdgeProcess } from './edge-process.ts'
import { connect, type RawConnection, sendRaw, type Target } from './raw-client.ts'
import { answerOk, type RecordedRequest, type RecordingOrigin, startOrigin } from './recording-origin.ts'

export interface Bench {
  readonly edge: EdgeProcess
  readonly origin: RecordingOrigin
  readonly http: Target
  readonly https: Target
}

/** A recording origin and an edge in front of it, both gone when the test ends. */
export async function startBench(t: Test, options: Partial<EdgeOptions> = {}): Promise<Bench> {
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const edge = await startEdgeProcess({ origins: [origin.url], ...options })
  t.teardown(() => edge.stop())
  const [serverName = 'shop.example'] = options.certificateFor ?? []
  return { edge, origin, http: { port: edge.httpPort }, https: { port: edge.httpsPort, serverName } }
}

export interface RefusedCase {
  readonly name: string
  readonly bytes: string | readonly string[]
  /** Default: any 4xx. */
  readonly status?: number
  /** Half-close after the bytes: what is missing will never come. */
  readonly half?: boolean
  /** The refusal comes while the body streams: the origin may see a part, never the whole, and no response is due. */
  readonly streams?: boolean
  /** It is a HEAD request: the refusal has no body. */
  readonly head?: boolean
}

/** Each case gets a 4xx and a closed connection, and the origin sees nothing of it. */
export async function assertRefused(t: Test, bench: Bench, cases: readonly RefusedCase[]): Promise<void> {
  let ran = 0
  for (const one of cases) {
    bench.origin.respond(answerOk)
    bench.origin.forget()
    const outcome = await sendRaw(bench.http, one.bytes, {
      half: one.half === true,
      head: one.head === true,
      untilClose: true,
    })
    const status = outcome.response?.status
    const seen = { status, ending: outcome.ending, requests: bench.origin.requests.map((r) => r.raw) }
    if (one.status !== undefined) t.equal(status, one.status, `${one.name}: status`, seen)
    else if (!one.streams || status !== undefined)
      t.ok(status !== undefined && status >= 400 && status < 500, `${one.name}: a 4xx (got ${status})`, seen)
    t.not(outcome.ending, 'open', `${one.name}: the connection is closed`)
    t.equal(bench.origin.requests.length, 0, `${one.name}: no request reached the origin`, seen)
    if (!one.streams) t.equal(bench.origin.bytesReceived(), 0, `${one.name}: no byte reached the origin`, seen)
    ran++
  }
  t.equal(ran, cases.length, `${cases.length} cases ran`)
  t.equal(new Set(cases.map((one) => one.name)).size, cases.length, 'case names differ')
}

export interface AcceptedCase {
  readonly name: string
  readonly bytes: string | readonly string[]
  readonly head?: boolean
  readonly method?: string
  readonly target?: string
  readonly body?: string
  /** `Name: value` lines that the origin must see, each exactly as often as given. */
  readonly present?: readonly string[]
  /** Lower-case header names that must not reach the origin. */
  readonly absent?: readonly string[]
  /** May be refused (4xx) instead; when it is accepted all of the above holds. */
  readonly orRefused?: boolean
}

/** Each case is answered by the origin, which received exactly what the case says. */
export async function assertAccepted(t: Test, bench: Bench, cases: readonly AcceptedCase[]): Promise<void> {
  let ran = 0
  for (const one of cases) {
    bench.origin.respond(answerOk)
    bench.origin.forget()
    const outcome = await sendRaw(bench.http, one.bytes, { head: one.head === true })
    const status = outcome.response?.status ?? 0
    ran++
    if (one.orRefused && status >= 400 && status < 500) {
      t.equal(bench.origin.bytesReceived(), 0, `${one.name}: refused, and no byte reached the origin`)
      continue
    }
    t.equal(status, 200, `${one.name}: answered by the origin`)
    t.equal(bench.origin.requests.length, 1, `${one.name}: one request at the origin`)
    const [request] = bench.origin.requests
    if (request) assertReceived(t, one, request)
  }
  t.equal(ran, cases.length, `${cases.length} cases ran`)
}

function assertReceived(t: Test, one: AcceptedCase, request: RecordedRequest): void {
  if (one.method !== undefined) t.equal(request.method, one.method, `${one.name}: method`)
  if (one.target !== undefined) t.equal(request.target, one.target, `${one.name}: target, byte for byte`)
  if (one.body !== undefined) t.equal(request.body.toString('latin1'), one.body, `${one.name}: body`)
  const lines = request.headers.map(([name, value]) => `${ownSpelling(name)}: ${value}`)
  for (const line of new Set(one.present ?? [])) {
    const wanted = (one.present ?? []).filter((other) => other === line).length
    t.equal(lines.filter((other) => other === line).length, wanted, `${one.name}: ${line} (${wanted}×)`, { lines })
  }
  for (const name of one.absent ?? []) {
    const found = request.headers.filter(([key]) => key.toLowerCase() === name)
    t.same(found, [], `${one.name}: no ${name}`)
  }
}

/** Runs a conversation on one connection and always closes it. */
export async function onConnection<T>(target: Target, talk: (connection: RawConnection) => Promise<T>): Promise<T> {
  const connection = await connect(target)
  try {
    return await talk(connection)
  } finally {
    connection.destroy()
  }
}

/** Lines of the error log that belong to a probe (its `X-Probe` value). */
export function inspectionsOf(edge: EdgeProcess, probe: string): string[] {
  return edge
    .errorLog()
    .split('\n')
    .filter((line) => line.includes('[id "900001"]') && line.includes(`[data "${probe}"]`))
}

/** Host and Content-Length are written by the edge itself, so their case is its own. */
function ownSpelling(name: string): string {
  return ['Host', 'Content-Length'].find((own) => own.toLowerCase() === name.toLowerCase()) ?? name
}
