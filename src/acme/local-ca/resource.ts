import type { Authority } from './authority.ts'
import type { StateKeeper } from './keep-state.ts'
import { Problem } from './problem.ts'
import type { Profiles } from './profiles.ts'
import type { RateLimits } from './rate-limits.ts'
import type { SignedRequest } from './signed-request.ts'
import type { Account, State } from './state.ts'
import type { Urls } from './urls.ts'
import type { ValidationNetwork } from './validation-network.ts'

/** What every resource of the server works on. */
export interface Ca {
  readonly state: State
  /** Makes what is changed in `state` last; called before the change is reported. */
  readonly keeper: StateKeeper
  readonly urls: Urls
  readonly authority: Authority
  readonly profiles: Profiles
  readonly clock: () => number
  /** Where HTTP-01 validation connects. */
  readonly network: ValidationNetwork
  readonly rateLimits: RateLimits
  /** HMAC keys by their kid; given: an account needs one of them (RFC 8555 §7.3.4). */
  readonly externalAccounts: ReadonlyMap<string, Buffer> | undefined
  /** What went wrong where no client waits for an answer. */
  readonly onFault: (error: unknown) => void
  /** Aborts when the server closes. */
  readonly closing: AbortSignal
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a string as a PEM chain. */
  readonly body?: object | string
}

/** One kind of resource; `id` is the last segment of its address, empty for those that have none. */
export type Resource = (request: SignedRequest, id: string, ca: Ca) => Reply | Promise<Reply>

/** The account that signed; throws `malformed` for a bare key where RFC 8555 §6.2 asks for a kid. */
export function requireAccount(request: SignedRequest): Account {
  if (request.signer.kind === 'account') return request.signer.account
  throw new Problem('malformed', 'this request must be signed with a kid')
}

/** Finds a resource that belongs to the signer; throws 404 for an unknown one and `unauthorized` for another's. */
export function findOwned<T extends { readonly account: Account }>(
  table: ReadonlyMap<string, T>,
  id: string,
  request: SignedRequest,
): T {
  const account = requireAccount(request)
  const found = table.get(id)
  if (!found) throw new Problem('malformed', 'there is no such resource', { status: 404 })
  if (found.account !== account) throw new Problem('unauthorized', 'the resource belongs to another account')
  return found
}

/** Refuses a payload where only POST-as-GET makes sense (RFC 8555 §6.3). */
export function requirePostAsGet(request: SignedRequest): void {
  if (request.payload !== '') throw new Problem('malformed', 'this resource is read with an empty payload')
}
