import { findAnswer } from '../challenge/responder.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import type { EdgeResponse } from '../http.ts'
import { challengeResponse } from './challenge-response.ts'
import type { Exchange } from './exchange.ts'
import type { Generation } from './generation.ts'
import { inspectRequest } from './inspect-request.ts'
import { inspectResponse } from './inspect-response.ts'
import { Inspection } from './inspection.ts'
import { requestStage, responseStage } from './stage.ts'

/**
 * acme-edge receives a request, answers it if it is the challenge of an active order, otherwise inspects it, forwards it,
 * inspects the response, sends it, and always records it. There is no other way through.
 */
export async function handle(exchange: Exchange, edge: Generation): Promise<void> {
  edge.occupancy.enter()
  try {
    // Chunks are read at once: what is wrong with their framing comes to light as they are read, and has to meet a reader.
    if (exchange.request.framing.kind !== 'chunked') await requestStage.enter()
    await serve(exchange, edge)
  } catch (error) {
    await exchange.fail(error, () => undefined) // the WAF did not even begin, or could not end: fails closed
  } finally {
    exchange.record()
    edge.occupancy.leave()
  }
}

async function serve(exchange: Exchange, edge: Generation): Promise<void> {
  const inspection = new Inspection(exchange.request, { rules: edge.rules, notes: exchange.notes, log: edge.ruleLog })
  try {
    const answer = findAnswer(exchange.request, edge.challenges)
    const response =
      answer === undefined
        ? await inspectAndForward(exchange, edge, inspection)
        : await answerChallenge(exchange, answer, inspection)
    if (response === 'drop') exchange.drop()
    else await exchange.send(response, inspection.close)
  } catch (error) {
    await exchange.fail(error, inspection.close)
  } finally {
    const closing = inspection.close()
    if (closing instanceof Promise) await closing
  }
}

/** The WAF observes an answered challenge, so that a probing client is seen, but cannot block it, not even by failing. */
async function answerChallenge(
  exchange: Exchange,
  keyAuthorization: string,
  inspection: Inspection,
): Promise<EdgeResponse> {
  await inspection.observe()
  exchange.notes.verdict = 'challenge'
  return challengeResponse(keyAuthorization)
}

async function inspectAndForward(
  exchange: Exchange,
  edge: Generation,
  inspection: Inspection,
): Promise<EdgeResponse | 'drop'> {
  const inspected = await inspectRequest(exchange, inspection) // the others of the stage are inspected before it is forwarded
  if (inspected.kind === 'dropped') return 'drop'
  if (inspected.kind === 'answered') return inspected.response
  if (exchange.request.targetForm === 'asterisk') return { status: 204, headers: [], body: { kind: 'none' } } // RFC 9110 §9.3.7
  const site = edge.sites.find(exchange.request)
  if (site === undefined) throw new EdgeError('ACME_EDGE_SITE_UNKNOWN', `no site for ${exchange.request.host}`)
  if (site.kind === 'answer') return site.response
  const startedAt = performance.now()
  const forwarded = site.origins.forward(inspected.clearance)
  exchange.whenClientGone(() => forwarded.abort(new EdgeError('ACME_EDGE_CLIENT_GONE', 'the client closed')))
  try {
    const received = await forwarded.response
    await responseStage.enter()
    return await inspectResponse(exchange.request, received, inspection)
  } catch (error) {
    forwarded.abort(toEdgeError(error)) // whatever ended the inspection: nobody will read the origin's response
    throw error
  } finally {
    exchange.notes.origin = forwarded.origin
    exchange.notes.originMs = performance.now() - startedAt
  }
}
