import type { ChallengePublisher } from '../challenge/publisher.ts'
import { EdgeError } from '../errors.ts'
import type { HostName } from '../http.ts'
import type { AcmeAccount } from './account.ts'
import { canonicalName } from './identifier.ts'
import { isObject, type JsonObject, parseObject, parseText, parseUrl } from './json.ts'
import { parseProblem, problemError } from './problem.ts'
import type { OnProgress } from './progress.ts'
import { pollUntil, retrySafely, sendOnce } from './retry.ts'
import type { AcmeResponse } from './transport.ts'

export interface AuthorizationOptions {
  readonly account: AcmeAccount
  readonly publisher: ChallengePublisher
  /** What was ordered: the CA cannot make us answer for any other host. */
  readonly names: readonly HostName[]
  readonly expiresAtMs: number
  readonly onProgress: OnProgress
}

interface Authorization {
  readonly url: string
  readonly host: HostName
  readonly status: string
  readonly challenge: Challenge | undefined
  readonly response: AcmeResponse
}

interface Challenge {
  readonly url: string
  readonly token: string
  readonly status: string
  readonly error: JsonObject | undefined
}

/** RFC 8555 §8.3: base64url, at least 128 bits; the edge answers for nothing else. */
const tokenPattern = /^[A-Za-z0-9_-]{22,128}$/
/** Withdrawing goes on after an interruption, and it must end, too. */
const withdrawTimeoutMs = 5_000

/**
 * Proves one host over HTTP-01: publish, tell the CA, wait for its verdict, withdraw whatever happened.
 * Throws ACME_EDGE_ACME_VALIDATION_FAILED with the host and the CA's reason.
 */
export async function proveHost(options: AuthorizationOptions, url: string, signal: AbortSignal): Promise<void> {
  const authorization = await readAuthorization(options, url, signal)
  const { host, challenge, status } = authorization
  if (status === 'pending') {
    if (!challenge) throw failure(authorization, { detail: 'the CA offers no http-01 challenge for it' })
    const { account, publisher, expiresAtMs } = options
    const keyAuthorization = await account.keyAuthorization(challenge.token)
    try {
      await publisher.publish({ host, token: challenge.token, keyAuthorization, expiresAtMs }, signal)
      options.onProgress({ kind: 'authorization', host, state: 'published' })
      await validate(options, { ...authorization, challenge }, signal)
    } finally {
      // A failure to withdraw must not hide what went before; the token dies with the order in any case.
      const { token } = challenge
      await publisher.withdraw({ host, token }, AbortSignal.timeout(withdrawTimeoutMs)).catch(() => undefined)
    }
  } else if (status !== 'valid') throw failure(authorization, { detail: `the authorization is ${status}` })
  options.onProgress({ kind: 'authorization', host, state: 'valid' })
}

async function validate(
  options: AuthorizationOptions,
  authorization: Authorization & { readonly challenge: Challenge },
  signal: AbortSignal,
): Promise<void> {
  const { url, host, challenge } = authorization
  const read = () => readAuthorization(options, url, signal)
  const send = () =>
    options.account.post({ url: challenge.url, payload: {}, doing: `the challenge for ${host}` }, signal)
  const isPending = async () => (await read()).challenge?.status === 'pending'
  // A resumed order: the CA was asked before the interruption and is still looking.
  const isJustAsked = challenge.status === 'pending'
  if (isJustAsked) await sendOnce({ send, isPending }, signal)
  options.onProgress({ kind: 'authorization', host, state: 'asked' })
  const done = await pollUntil({ read, isDone: (value) => value.status !== 'pending', isJustAsked }, signal)
  if (done.status !== 'valid') {
    throw failure(done, done.challenge?.error ?? { detail: `the authorization is ${done.status}` })
  }
}

async function readAuthorization(
  { account, names }: AuthorizationOptions,
  url: string,
  signal: AbortSignal,
): Promise<Authorization> {
  const what = 'an authorization'
  const response = await retrySafely(signal, () => account.post({ url, doing: 'to show an authorization' }, signal))
  const object = parseObject(response.data, 'authorization')
  const value = parseText(parseObject(object.identifier, 'identifier'), 'value', what)
  const host = names.find((name) => name === canonicalName(value))
  if (!host) throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA wants a proof for a host that was not ordered')
  const offered = Array.isArray(object.challenges) ? object.challenges.filter(isObject) : []
  const http01 = offered.find((challenge) => challenge.type === 'http-01')
  const status = parseText(object, 'status', what)
  return { url, host, status, response, challenge: http01 && parseChallenge(http01) }
}

function parseChallenge(object: JsonObject): Challenge {
  const token = parseText(object, 'token', 'a challenge')
  if (!tokenPattern.test(token))
    throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent a token that is not base64url')
  return {
    token,
    url: parseUrl(object, 'url', 'a challenge'),
    status: parseText(object, 'status', 'a challenge'),
    error: isObject(object.error) ? object.error : undefined,
  }
}

function failure({ host }: Authorization, problem: JsonObject): EdgeError {
  return problemError(parseProblem(problem, 403), { doing: `to validate ${host}`, host })
}
