import { EdgeError } from '../errors.ts'
import type { BodySink, BodyStream, EdgeRequest, EdgeResponse, MaybePromise, Verdict } from '../http.ts'
import type { BodyPlan } from '../waf/transaction-types.ts'
import { collectResponse } from './collect-body.ts'
import { decodeBeginning } from './decode-beginning.ts'
import { codingOf, decodeBody, UndecodableBody } from './decode-body.ts'
import type { Inspection } from './inspection.ts'

/**
 * Runs phases 3 and 4, at once where nothing has to be waited for; the response that comes back is the origin's, or the one
 * that a rule puts in its place.
 */
export function inspectResponse(
  request: EdgeRequest,
  response: EdgeResponse,
  inspection: Inspection,
): MaybePromise<EdgeResponse | 'drop'> {
  if (inspection.pendingRequestPhase === undefined) return inspectHead(request, response, inspection)
  const pending = inspection.pendingRequestPhase()
  return pending instanceof Promise
    ? pending.then(() => inspectHead(request, response, inspection))
    : inspectHead(request, response, inspection)
}

function inspectHead(
  request: EdgeRequest,
  response: EdgeResponse,
  inspection: Inspection,
): MaybePromise<EdgeResponse | 'drop'> {
  const head = { status: response.status, protocol: request.protocol, headers: response.headers }
  const verdict = inspection.run((transaction) => transaction.responseHeaders(head))
  return verdict instanceof Promise
    ? verdict.then((late) => inspectBody(request, response, { inspection, headVerdict: late }))
    : inspectBody(request, response, { inspection, headVerdict: verdict })
}

function inspectBody(
  request: EdgeRequest,
  response: EdgeResponse,
  { inspection, headVerdict }: { inspection: Inspection; headVerdict: Verdict },
): MaybePromise<EdgeResponse | 'drop'> {
  const { transaction } = inspection
  const replaced = inspection.answerTo(headVerdict)
  if (replaced !== undefined) return replace(response, replaced)
  const plan = transaction.responseBodyPlan()
  if (plan.kind === 'stream' || response.body.kind !== 'stream' || hasNoBody(request, response)) {
    const verdict = inspection.run((transaction) => transaction.responseBody(undefined))
    return verdict instanceof Promise
      ? verdict.then((late) => replace(response, inspection.answerTo(late)))
      : replace(response, inspection.answerTo(verdict))
  }
  if (!transaction.mayBlock) return observe(response, response.body.stream, { inspection, limitBytes: plan.limitBytes })
  return hold(response, response.body.stream, { inspection, plan })
}

function replace(response: EdgeResponse, answer: EdgeResponse | 'drop' | undefined): EdgeResponse | 'drop' {
  if (answer === undefined) return response
  if (response.body.kind === 'stream')
    response.body.stream.abort(new EdgeError('ACME_EDGE_ORIGIN_FAILED', 'response replaced by a rule'))
  if (response.body.kind === 'tunnel') response.body.origin.destroy()
  return answer
}

function hasNoBody({ method }: EdgeRequest, { status }: EdgeResponse): boolean {
  return method === 'HEAD' || status === 204 || status === 304
}

async function hold(
  response: EdgeResponse,
  stream: BodyStream,
  { inspection, plan }: { inspection: Inspection; plan: BodyPlan & { kind: 'buffer' } },
): Promise<EdgeResponse | 'drop'> {
  const { limitBytes, beyond } = plan
  const collected = await collectResponse(stream, limitBytes)
  if (collected.kind === 'beyond' && beyond === 'reject') {
    const error = new EdgeError('ACME_EDGE_RESPONSE_TOO_LARGE', `response longer than ${limitBytes} bytes`)
    stream.abort(error)
    throw error
  }
  const decode = beyond === 'partial' ? decodeBeginning : decodeBody
  const isCoded = codingOf(response.headers) !== undefined
  const inspected = isCoded
    ? await decodeResponse(decode, collected.bytes, { response, limitBytes })
    : collected.bytes.subarray(0, limitBytes)
  const verdict = inspection.run((transaction) => transaction.responseBody(inspected.subarray(0, limitBytes)))
  const answer = inspection.answerTo(verdict instanceof Promise ? await verdict : verdict)
  if (answer !== undefined) return replace(response, answer)
  if (collected.kind === 'whole') return { ...response, body: { kind: 'bytes', bytes: collected.bytes } }
  return { ...response, body: { kind: 'stream', stream: startingWith(collected.bytes, stream) } }
}

/** Detection holds nothing back: a copy, up to the limit, is inspected when the last byte has come. */
function observe(
  response: EdgeResponse,
  stream: BodyStream,
  { inspection, limitBytes }: { inspection: Inspection; limitBytes: number },
): EdgeResponse {
  const chunks: Buffer[] = []
  let size = 0
  const keep = (chunk: Buffer) => {
    if (size < limitBytes) chunks.push(chunk)
    size += chunk.length
  }
  const inspect = async () => {
    const bytes = await decodeBeginning(Buffer.concat(chunks), response.headers, limitBytes).catch(() => undefined)
    await inspection.run((transaction) => transaction.responseBody(bytes))
  }
  const pipe = (sink: BodySink) =>
    stream.pipe({
      write: (chunk) => {
        keep(chunk)
        return sink.write(chunk)
      },
      end: (last) => {
        if (last !== undefined) keep(last)
        inspect().then(() => sink.end(last), sink.fail)
      },
      fail: sink.fail,
    })
  const observed: BodyStream = { pipe, resume: () => stream.resume(), abort: (error) => stream.abort(error) }
  return { ...response, body: { kind: 'stream', stream: observed } }
}

async function decodeResponse(
  decode: typeof decodeBody,
  bytes: Buffer,
  { response, limitBytes }: { response: EdgeResponse; limitBytes: number },
): Promise<Buffer> {
  try {
    return await decode(bytes, response.headers, limitBytes)
  } catch (error) {
    if (error instanceof UndecodableBody) throw new EdgeError('ACME_EDGE_RESPONSE_TOO_LARGE', error.message)
    throw error
  }
}

function startingWith(first: Buffer, rest: BodyStream): BodyStream {
  return {
    pipe(sink) {
      sink.write(first)
      rest.pipe(sink)
    },
    resume: () => rest.resume(),
    abort: (error) => rest.abort(error),
  }
}
