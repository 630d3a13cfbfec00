import { PassThrough, Readable } from 'node:stream'
import { type Clearance, type ClearedBody, clear } from '../clearance.ts'
import { EdgeError } from '../errors.ts'
import type { EdgeResponse, MaybePromise, Verdict } from '../http.ts'
import { checkCharset } from './check-charset.ts'
import { type BrokenOff, collectRequest } from './collect-body.ts'
import { decodeBeginning } from './decode-beginning.ts'
import { codingOf, decodeBody, UndecodableBody } from './decode-body.ts'
import type { Exchange } from './exchange.ts'
import { hidesFields } from './hidden-fields.ts'
import type { Inspection } from './inspection.ts'
import type { RequestBody } from './request-body.ts'
import { requestStage } from './stage.ts'

export type InspectedRequest =
  | { readonly kind: 'cleared'; readonly clearance: Clearance }
  | { readonly kind: 'answered'; readonly response: EdgeResponse }
  | { readonly kind: 'dropped' }

/**
 * Runs phases 1 and 2, at once where nothing has to be waited for. The only place that makes clearances: what comes out
 * cleared is, byte for byte, what was inspected.
 */
export function inspectRequest(exchange: Exchange, inspection: Inspection): MaybePromise<InspectedRequest> {
  const headers = inspection.run((transaction) => transaction.requestHeaders())
  return headers instanceof Promise
    ? headers.then((verdict) => goOn(verdict, exchange, inspection))
    : goOn(headers, exchange, inspection)
}

function goOn(first: Verdict, exchange: Exchange, inspection: Inspection): MaybePromise<InspectedRequest> {
  if (first.kind !== 'pass') return conclude(inspection, first, { kind: 'none' }, exchange)
  const inspected = inspectBody(exchange, inspection)
  return inspected instanceof Promise
    ? inspected.then(({ verdict, body }) => conclude(inspection, verdict, body, exchange))
    : conclude(inspection, inspected.verdict, inspected.body, exchange)
}

function conclude(inspection: Inspection, verdict: Verdict, body: ClearedBody, exchange: Exchange): InspectedRequest {
  const answer = inspection.answerTo(verdict)
  if (answer === 'drop') return { kind: 'dropped' }
  if (answer !== undefined) return { kind: 'answered', response: answer }
  const clearance = clear(verdict, { request: exchange.request, body })
  if (clearance === undefined)
    throw new EdgeError('ACME_EDGE_INTERNAL', 'a verdict that is neither an answer nor a pass')
  return { kind: 'cleared', clearance }
}

interface InspectedBody {
  readonly verdict: Verdict
  readonly body: ClearedBody
}

function inspectBody(exchange: Exchange, inspection: Inspection): MaybePromise<InspectedBody> {
  const { transaction } = inspection
  const { body } = exchange
  if (body === undefined) return withVerdict(inspectNoBody(inspection), () => ({ kind: 'none' }))
  const plan = transaction.requestBodyPlan()
  if (plan.kind === 'stream') {
    return withVerdict(inspectNoBody(inspection), (verdict) => {
      if (verdict.kind === 'pass') exchange.continueBody()
      return streamed(body, exchange)
    })
  }
  if (!transaction.mayBlock) return observeBody(exchange, inspection, { body, limitBytes: plan.limitBytes })
  return holdBody(exchange, inspection, { body, ...plan })
}

function inspectNoBody(inspection: Inspection): MaybePromise<Verdict> {
  return inspection.run((transaction) => transaction.requestBody(undefined))
}

function withVerdict(
  verdict: MaybePromise<Verdict>,
  body: (verdict: Verdict) => ClearedBody,
): MaybePromise<InspectedBody> {
  if (verdict instanceof Promise) return verdict.then((late) => ({ verdict: late, body: body(late) }))
  return { verdict, body: body(verdict) }
}

interface HeldBody {
  readonly body: RequestBody
  readonly limitBytes: number
  readonly beyond: 'reject' | 'partial'
}

/** Not a byte reaches the origin before the whole body, or its first part where the rules say ProcessPartial, was inspected. */
async function holdBody(exchange: Exchange, inspection: Inspection, held: HeldBody): Promise<InspectedBody> {
  const { request } = exchange
  checkCharset(request.headers)
  const isTooLong = request.framing.kind === 'length' && request.framing.bytes > held.limitBytes
  if (isTooLong && held.beyond === 'reject') throw tooLarge(held.limitBytes)
  exchange.continueBody()
  const collected = await collectRequest(held.body, held.limitBytes)
  if (collected.kind === 'broken') return failBroken(collected, held.body, inspection)
  if (collected.kind === 'beyond' && held.beyond === 'reject') throw tooLarge(held.limitBytes)
  const whole = collected.kind === 'whole'
  const isCoded = codingOf(request.headers) !== undefined
  const inspected = isCoded ? await decoded(collected.bytes, exchange, held.limitBytes) : collected.bytes
  const bytes = whole ? inspected : inspected.subarray(0, held.limitBytes)
  await requestStage.enter()
  const verdict = await inspection.run((transaction) => transaction.requestBody(bytes))
  const body: ClearedBody = whole
    ? { kind: 'bytes', bytes: collected.bytes }
    : {
        ...streamed(held.body, exchange),
        stream: Readable.from(followedBy(collected.bytes, held.body), { objectMode: false }),
      }
  return { verdict, body }
}

/** What had come of a body whose framing is refused shows in the log; it goes nowhere. */
async function failBroken(broken: BrokenOff, body: RequestBody, inspection: Inspection): Promise<never> {
  const { bytes, error } = broken
  const isRefused = error instanceof EdgeError && error.code === 'ACME_EDGE_REQUEST_REFUSED'
  if (isRefused) await inspection.observeBody(Buffer.concat([bytes, body.lastBytes ?? Buffer.alloc(0)]))
  throw error
}

/** Detection holds nothing back: the body goes on while a copy, up to the limit, is kept for phase 2 at its end. */
function observeBody(
  exchange: Exchange,
  inspection: Inspection,
  { body, limitBytes }: { body: RequestBody; limitBytes: number },
): InspectedBody {
  exchange.continueBody()
  const chunks: Buffer[] = []
  let size = 0
  const through = new PassThrough({ highWaterMark: 65_536 })
  body.on('data', (chunk: Buffer) => {
    if (size < limitBytes) chunks.push(chunk)
    size += chunk.length
  })
  through.on('error', () => undefined) // the origin's side learns of it when it reads
  body.on('error', (error) => through.destroy(error))
  body.pipe(through)
  inspection.pendingRequestPhase = async () => {
    inspection.pendingRequestPhase = undefined
    const collected = Buffer.concat([...chunks, body.lastBytes ?? Buffer.alloc(0)]).subarray(0, limitBytes)
    const bytes = await decodeBeginning(collected, exchange.request.headers, limitBytes).catch(() => undefined)
    await inspection.run((transaction) => transaction.requestBody(bytes))
  }
  return { verdict: { kind: 'pass' }, body: { ...streamed(body, exchange), stream: through } }
}

async function decoded(bytes: Buffer, exchange: Exchange, limitBytes: number): Promise<Buffer> {
  try {
    const { headers } = exchange.request
    const inspected = await decodeBody(bytes, headers, limitBytes)
    if (inspected !== bytes && hidesFields(bytes, inspected, headers))
      throw new UndecodableBody('compressed bytes with text in them that decompressing does not show')
    return inspected
  } catch (error) {
    if (error instanceof UndecodableBody) throw new EdgeError('ACME_EDGE_REQUEST_CODING', error.message)
    throw error
  }
}

function streamed(body: RequestBody, { request }: Exchange): ClearedBody & { kind: 'stream' } {
  return {
    kind: 'stream',
    stream: body,
    lengthBytes: request.framing.kind === 'length' ? request.framing.bytes : undefined,
  }
}

async function* followedBy(first: Buffer, rest: RequestBody): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}

function tooLarge(limitBytes: number): EdgeError {
  return new EdgeError('ACME_EDGE_REQUEST_TOO_LARGE', `body longer than ${limitBytes} bytes`)
}
