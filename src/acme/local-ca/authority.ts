import type { KeyObject, X509Certificate } from 'node:crypto'
import { EdgeError } from '../../errors.ts'
import { field } from '../../log.ts'
import type { Store } from '../../store/contract.ts'
import type { WarningLog } from '../../store/warning-log.ts'
import {
  type CertificateAuthority,
  constraintsOf,
  createIntermediate,
  createRoot,
  type RootOptions,
  signLeaf,
} from './certificates.ts'
import { readIssuing, readRetired, readRoot, writeIssuing, writeRetired, writeRoot } from './keep-authority.ts'
import { isPermitted, type NameConstraints } from './name-constraints.ts'
import { signRevocationList } from './revocation-list.ts'
import { encodeRootKey, loadRootKey, type RootKeyAccess, writeRootKey } from './root-key.ts'

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
const renewRootBeforeMs = 30 * dayMs
/** Long enough for somebody to fetch the root's key from where it is kept. */
const renewIssuingBeforeMs = 60 * dayMs

/**
 * Opens the local CA of a store: a root and an issuing certificate, made on first use (unless `create` is false) and kept
 * under `local-ca/`. Throws ACME_EDGE_LOCALCA_CORRUPT when what is kept cannot be used: a new root would silently void all
 * trust in the old; ACME_EDGE_LOCALCA_MISSING, …_ROOTKEY, …_EXPIRED.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { clock = Date.now, leafLifeMs = 7 * dayMs, create = {} } = options
  const working: Working = { ...options, clock, create }
  const lock = await options.store.lock('local-ca', options.signal)
  try {
    const root = await openRoot(working)
    const issuing = await openIssuing(working, root)
    const log = options.log && onceADay(options.log, clock)
    return serve({ ...working, root, leafLifeMs, log }, issuing)
  } finally {
    await lock.release()
  }
}

export interface InitOptions {
  readonly store: Store
  readonly signal: AbortSignal
  readonly root: RootOptions
  /** `file`: the root's key goes there instead of into the store; `passphrase`: it is encrypted with it. */
  readonly rootKey: RootKeyAccess
  readonly clock?: () => number
}

/** Makes a CA where there is none; throws ACME_EDGE_LOCALCA_EXISTS where there is one, whatever its state. */
export async function initAuthority(options: InitOptions): Promise<{ readonly root: X509Certificate }> {
  const { store, rootKey, clock = Date.now } = options
  const lock = await store.lock('local-ca', options.signal)
  try {
    if ((await store.list('local-ca/')).length > 0) {
      throw new EdgeError('ACME_EDGE_LOCALCA_EXISTS', 'there is a local CA in this folder: choose another --folder')
    }
    const root = await createRoot(clock(), options.root)
    const issuing = await createIntermediate(root, clock())
    await writeNewRoot(store, root, rootKey)
    await writeIssuing(store, issuing)
    return { root: root.certificate }
  } finally {
    await lock.release()
  }
}

/** The root of a store, without opening anything that needs a key. */
export async function readRootCertificate(store: Store): Promise<X509Certificate> {
  const kept = await readRoot(store)
  if (kept) return kept.certificate
  throw missing()
}

type Working = AuthorityOptions & { readonly clock: () => number; readonly create: RootOptions | false }

/** The root's certificate, and its key where it can be had. */
interface OpenRoot {
  readonly certificate: X509Certificate
  readonly key: KeyObject | undefined
}

async function writeNewRoot(store: Store, root: CertificateAuthority, access: RootKeyAccess): Promise<void> {
  const pem = encodeRootKey(root.key, access.passphrase)
  if (access.file !== undefined) await writeRootKey(access.file, pem)
  await writeRoot(store, { certificate: root.certificate, keptPem: access.file === undefined ? pem : undefined })
}

async function openRoot({ store, clock, create, rootKey = {} }: Working): Promise<OpenRoot> {
  const kept = await readRoot(store)
  if (kept && (create === false || isFresh(kept.certificate, clock(), renewRootBeforeMs))) {
    return { certificate: kept.certificate, key: await loadRootKey(kept, rootKey) }
  }
  if (create === false) throw missing()
  const root = await createRoot(clock(), create)
  await writeNewRoot(store, root, {})
  return root
}

/** An issuing certificate of an earlier root is replaced: a crash between the two writes leaves exactly that behind. */
async function openIssuing(options: Working, root: OpenRoot): Promise<CertificateAuthority> {
  const kept = await readIssuing(options.store)
  const isOurs = kept?.certificate.verify(root.certificate.publicKey) === true
  if (kept && isOurs && isFresh(kept.certificate, options.clock(), renewIssuingBeforeMs)) return kept
  if (root.key === undefined && kept && isOurs && isFresh(kept.certificate, options.clock(), 0)) return kept
  return renewIssuing(options, root, isOurs ? kept : undefined)
}

async function renewIssuing(
  { store, clock }: Working,
  root: OpenRoot,
  old: CertificateAuthority | undefined,
): Promise<CertificateAuthority> {
  if (root.key === undefined || root.certificate.validToDate.getTime() <= clock()) throw expired()
  const issuing = await createIntermediate({ certificate: root.certificate, key: root.key }, clock())
  if (old) await writeRetired(store, old)
  await writeIssuing(store, issuing)
  return issuing
}

interface Serving extends Working {
  readonly root: OpenRoot
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

async function keepFresh(options: Serving, issuing: CertificateAuthority): Promise<CertificateAuthority> {
  const { clock, root, log, store } = options
  if (isFresh(issuing.certificate, clock(), renewIssuingBeforeMs)) return issuing
  // One that ends with the root cannot be had longer: the root is what has to be renewed, and no client knows a new one.
  if (issuing.certificate.validToDate >= root.certificate.validToDate) {
    warn(log, "the local CA's root ends soon: make a new CA and have clients trust its root", root.certificate)
    return issuing
  }
  if (root.key === undefined) {
    const advice = 'start `acme-edge ca serve` once with --root-key (and --passphrase-file), which renews it'
    warn(
      log,
      `the local CA's issuing certificate ends soon and the root key is not there: ${advice}`,
      issuing.certificate,
    )
    return issuing
  }
  const lock = await store.lock('local-ca', AbortSignal.timeout(10_000))
  try {
    return await renewIssuing(options, root, issuing)
  } finally {
    await lock.release()
  }
}

function warn(log: WarningLog | undefined, message: string, certificate: X509Certificate): void {
  log?.warn({ [field.notAfter]: certificate.validToDate.toISOString() }, message)
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

function isFresh(certificate: X509Certificate, nowMs: number, spareMs: number): boolean {
  return certificate.validToDate.getTime() - nowMs > spareMs
}

function missing(): EdgeError {
  return new EdgeError(
    'ACME_EDGE_LOCALCA_MISSING',
    'there is no local CA in this folder: make one with `acme-edge ca init`',
  )
}

function expired(): EdgeError {
  const advice = 'start `acme-edge ca serve` with --root-key (and --passphrase-file), which renews it'
  const message = `the local CA's issuing certificate has ended and its root key is not there: ${advice}`
  return new EdgeError('ACME_EDGE_LOCALCA_EXPIRED', message)
}
