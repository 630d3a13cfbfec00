import type { Readable } from 'node:stream'
import type { EdgeRequest, Verdict } from './http.ts'

/** The body exactly as it was inspected: nothing, the very bytes, or a stream of a type that has no parser. */
export type ClearedBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly stream: Readable; readonly lengthBytes: number | undefined }

export interface ClearedRequest {
  readonly request: EdgeRequest
  readonly body: ClearedBody
}

let mint: (cleared: ClearedRequest) => Clearance

/**
 * The right to forward one request once. The origin side takes nothing else, reads what it sends from here alone, and
 * only `clear` can make one, from a verdict that lets the request pass. So a request that was not inspected cannot be
 * forwarded: there is no value of this type for it. (tests/architecture.test.ts: only edge/inspect-request.ts calls `clear`.)
 */
export class Clearance {
  #cleared: ClearedRequest | undefined

  private constructor(cleared: ClearedRequest) {
    this.#cleared = cleared
  }

  static {
    mint = (cleared) => new Clearance(cleared)
  }

  /** Hands the request over; a second call throws, since one inspection pays for one request. */
  spend(): ClearedRequest {
    const cleared = this.#cleared
    if (cleared === undefined) throw new TypeError('this clearance was spent already')
    this.#cleared = undefined
    return cleared
  }
}

/** A clearance, if and only if the verdict is `pass`. */
export function clear(verdict: Verdict, cleared: ClearedRequest): Clearance | undefined {
  return verdict.kind === 'pass' ? mint(cleared) : undefined
}
