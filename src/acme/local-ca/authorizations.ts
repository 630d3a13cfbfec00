import { setTimeout as sleep } from 'node:timers/promises'
import { identifierOf } from '../identifier.ts'
import { parseJsonObject } from './payload.ts'
import { Problem, problemDocument } from './problem.ts'
import { type Ca, findOwned, type Reply, type Resource } from './resource.ts'
import type { Authorization } from './state.ts'
import { authorizationStatus } from './status.ts'

const resumedAttempts = 3
const retryMs = 1_000

/** An authorization: read or deactivate (RFC 8555 §7.5, §7.5.2). */
export const authorizationResource: Resource = async (request, id, ca) => {
  const authorization = findOwned(ca.state.authorizations, id, request)
  if (request.payload !== '') {
    const payload = parseJsonObject(request.payload, 'the payload')
    if (payload.status !== 'deactivated') {
      throw new Problem('malformed', 'the status of an authorization can only become deactivated')
    }
    authorization.withdrawal = 'deactivated'
    await keep(authorization, ca)
  }
  return authorizationReply(authorization, ca)
}

/** The http-01 challenge: an empty object asks for validation, which then runs by itself (RFC 8555 §7.5.1). */
export const challengeResource: Resource = async (request, id, ca) => {
  const authorization = findOwned(ca.state.authorizations, id, request)
  if (request.payload !== '') {
    parseJsonObject(request.payload, 'the payload')
    await begin(authorization, ca)
  }
  return {
    status: 200,
    headers: { link: `<${ca.urls.authorization(id)}>;rel="up"`, ...retryAfter(authorization) },
    body: describeChallenge(authorization, ca),
  }
}

/** A second request while validation runs, or after it, changes nothing. */
async function begin(authorization: Authorization, ca: Ca): Promise<void> {
  const isPending = authorizationStatus(authorization, ca.clock()) === 'pending'
  if (!isPending || authorization.progress.kind !== 'pending') return
  ca.rateLimits.spend('validationsPerMinute', authorization.host, ca.clock())
  authorization.progress = { kind: 'processing' }
  await keep(authorization, ca) // a server that is started again goes on with it
  void validate(authorization, ca) // never rejects: every failure becomes the challenge's error
}

/**
 * Validates anew what an earlier process was about to validate when it ended; more than once, since its client may have been
 * driven off by the silence and be on its way back (RFC 8555 §8.2 lets the CA retry).
 */
export function resumeValidations(ca: Ca): void {
  for (const authorization of ca.state.authorizations.values()) {
    if (authorization.progress.kind === 'processing') void validate(authorization, ca, resumedAttempts)
  }
}

async function validate(authorization: Authorization, ca: Ca, attempts = 1): Promise<void> {
  const { host, token, account } = authorization
  const keyAuthorization = `${token}.${account.key.thumbprint}`
  try {
    await ca.network.validate({ host, token, keyAuthorization, signal: ca.closing })
    authorization.progress = { kind: 'valid', validatedAtMs: ca.clock() }
  } catch (error) {
    if (ca.closing.aborted) return // not the client's fault: the next process tries again
    if (attempts > 1) {
      await sleep(retryMs, undefined, { signal: ca.closing }).catch(() => undefined)
      return validate(authorization, ca, attempts - 1)
    }
    if (!(error instanceof Problem)) ca.onFault(error)
    const problem = error instanceof Problem ? error : new Problem('serverInternal', 'the validation failed')
    authorization.progress = { kind: 'invalid', problem }
  }
  await keep(authorization, ca).catch(ca.onFault)
}

async function keep({ orderId }: Authorization, ca: Ca): Promise<void> {
  const order = ca.state.orders.get(orderId)
  if (order) await ca.keeper.order(order)
}

function authorizationReply(authorization: Authorization, ca: Ca): Reply {
  return {
    status: 200,
    headers: retryAfter(authorization),
    body: {
      status: authorizationStatus(authorization, ca.clock()),
      expires: new Date(authorization.expiresAtMs).toISOString(),
      identifier: identifierOf(authorization.host),
      challenges: [describeChallenge(authorization, ca)],
    },
  }
}

function describeChallenge(authorization: Authorization, ca: Ca): object {
  const { progress, token } = authorization
  return {
    type: 'http-01',
    url: ca.urls.challenge(authorization.id),
    status: progress.kind,
    token,
    ...(progress.kind === 'valid' && { validated: new Date(progress.validatedAtMs).toISOString() }),
    ...(progress.kind === 'invalid' && { error: problemDocument(progress.problem) }),
  }
}

function retryAfter(authorization: Authorization): Record<string, string> {
  return authorization.progress.kind === 'processing' ? { 'retry-after': '1' } : {}
}
