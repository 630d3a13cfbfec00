import type { X509Certificate } from 'node:crypto'
import type { Store } from '../../store/contract.ts'
import type { WarningLog } from '../../store/warning-log.ts'
import { type CertificateAuthority, constraintsOf, type RootOptions, signLeaf } from './certificates.ts'
import { expired, type IssuingParts, keepFresh, openIssuing, renewIssuingBeforeMs } from './issuing-certificate.ts'
import { readRetired } from './keep-authority.ts'
import { isPermitted, type NameConstraints } from './name-constraints.ts'
import { isFresh, openRoot } from './open-root.ts'
import { signRevocationList } from './revocation-list.ts'
import type { RootKeyAccess } from './root-key.ts'

/** What the CA is asked to sign; the names were validated, the key's owner proved possession in the CSR. */
export interface LeafRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
  /** Host names and addresses. */
  readonly names: readonly string[]
}

export interface IssueRequest extends LeafRequest {
  /** Default: `leafLifeMs` of the authority. */
  readonly lifeMs?: number
}

export interface IssuedCertificate {
  /** Leaf and issuing certificate, PEM, in the order of RFC 8555 §9.1. */
  readonly pem: string
  readonly leaf: X509Certificate
}

export interface RevokedCertificate {
  readonly leaf: X509Certificate
  readonly revokedAtMs: number
  /** RFC 5280 §5.3.1. */
  readonly reason: number
}

export interface Authority {
  /** The root, PEM: what a client has to trust. */
  readonly rootPem: string
  /** What it vouches for; its certificates say the same. */
  readonly constraints: NameConstraints
  readonly leafLifeMs: number
  /** Throws ACME_EDGE_LOCALCA_EXPIRED when the issuing certificate has ended and cannot be renewed. */
  issue(request: IssueRequest): Promise<IssuedCertificate>
  /** A list (CRL, RFC 5280 §5) of each issuing certificate that has not ended, DER, the newest first. */
  revocationLists(revoked: readonly RevokedCertificate[]): Promise<Buffer[]>
  /** Renews the issuing certificate when it is time, and warns when it is time and the root's key is not there. */
  maintain(): Promise<void>
}

export interface AuthorityOptions {
  readonly store: Store
  /** Bounds the wait for the store's lock. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number
  /** Default 7 days. */
  readonly leafLifeMs?: number
  /** The root that is made when the store has none; `false`: it must have one. Default: one for `localhost`. */
  readonly create?: RootOptions | false
  /** Where the root's key is, when not in the store as it is. */
  readonly rootKey?: RootKeyAccess
  readonly log?: WarningLog | undefined
}

const dayMs = 86_400_000

/**
 * Opens the local CA of a store: a root and an issuing certificate, made on first use (unless `create` is false) and kept
 * under `local-ca/`. Throws ACME_EDGE_LOCALCA_CORRUPT when what is kept cannot be used: a new root would silently void all
 * trust in the old; ACME_EDGE_LOCALCA_MISSING, …_ROOTKEY, …_EXPIRED.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { clock = Date.now, leafLifeMs = 7 * dayMs, create = {} } = options
  const lock = await options.store.lock('local-ca', options.signal)
  try {
    const root = await openRoot({ ...options, clock, create })
    const parts = { store: options.store, root, clock, log: options.log && onceADay(options.log, clock) }
    return serve({ ...parts, leafLifeMs }, await openIssuing(parts))
  } finally {
    await lock.release()
  }
}

interface Serving extends IssuingParts {
  readonly leafLifeMs: number
}

function serve(options: Serving, first: CertificateAuthority): Authority {
  const { root, clock, leafLifeMs } = options
  const constraints = constraintsOf(root.certificate)
  let issuing = first
  let renewal: Promise<void> = Promise.resolve()
  /** One after the other: two renewals at once would retire each other. */
  const maintain = () => {
    renewal = renewal
      .catch(() => undefined)
      .then(async () => {
        issuing = await keepFresh(options, issuing)
      })
    return renewal
  }
  return {
    rootPem: root.certificate.toString(),
    constraints,
    leafLifeMs,
    maintain,
    async issue({ lifeMs = leafLifeMs, ...request }) {
      const stranger = request.names.find((name) => !isPermitted(constraints, name))
      // Orders are checked before; a certificate that no client would take must not leave the house all the same.
      if (stranger !== undefined) throw new RangeError(`the local CA may not vouch for ${stranger}`)
      if (!isFresh(issuing.certificate, clock(), renewIssuingBeforeMs)) await maintain()
      if (!isFresh(issuing.certificate, clock(), 0)) throw expired()
      const leaf = await signLeaf(issuing, { ...request, nowMs: clock(), lifeMs })
      return { pem: leaf.toString() + issuing.certificate.toString(), leaf }
    },
    async revocationLists(revoked) {
      const issuers = [issuing, ...(await readRetired(options.store, clock()))]
      return Promise.all(
        issuers.map((issuer) => {
          const own = revoked.filter(({ leaf }) => leaf.checkIssued(issuer.certificate))
          return signRevocationList(issuer, own, clock())
        }),
      )
    },
  }
}

/** What has to be said for weeks is not said every minute. */
function onceADay(log: WarningLog, clock: () => number): WarningLog {
  let quietUntilMs = 0
  return {
    warn(fields, message) {
      if (clock() < quietUntilMs) return
      quietUntilMs = clock() + dayMs
      log.warn(fields, message)
    },
  }
}
