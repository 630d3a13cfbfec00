import type { LimitName } from '../acme/budget/ca-limits.ts'
import type { Limit } from '../acme/budget/token-bucket.ts'
import type { WafMode } from '../waf/transaction-types.ts'
import type { KeyType } from './key-types.ts'

/** A host and a port to listen on; IPv6 without brackets. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export interface OriginConfig {
  readonly secure: boolean
  readonly host: string
  readonly port: number
}

export interface SiteConfig {
  /** Canonical host names, `*.name` for one label more, `*` for any host. */
  readonly hosts: readonly string[]
  readonly origins: readonly OriginConfig[]
  readonly httpsRedirect: boolean
  /** Absolute path of a PEM file that https origins are checked against instead of the system's roots. */
  readonly originCa: string | undefined
}

export interface CertificateConfig {
  /** Host names and addresses; the first one names the folder. */
  readonly names: readonly string[]
  /** Of the CA's directory; `undefined`: the CA chooses. */
  readonly profile?: string | undefined
  readonly keyType?: KeyType | undefined
  /** Common name of the issuer at the end of the chain. */
  readonly preferredChain?: string | undefined
}

/** One CA. */
export interface AuthorityConfig {
  readonly directory: string
  /** Absolute path of a PEM file, read when needed. */
  readonly rootCa: string | undefined
  readonly contact: readonly string[]
  /** What an account is registered with where the CA wants one of its own customers (RFC 8555 §7.3.4). */
  readonly eab?: ExternalAccountConfig | undefined
}

/** The CA's name for its customer, and the key of the MAC: base64url, or a file that holds it, read when needed. */
export interface ExternalAccountConfig {
  readonly kid: string
  readonly hmacKey: { readonly text: string } | { readonly file: string }
}

/** A CA that stands in. Profiles have other names there: its own one is asked for, whatever an entry says. */
export interface FallbackConfig extends AuthorityConfig {
  readonly profile?: string | undefined
}

export interface AcmeConfig extends AuthorityConfig {
  /** Other CAs, in the order in which they stand in for the first one. */
  readonly fallback?: readonly FallbackConfig[]
  readonly certificates: readonly CertificateConfig[]
  /** What a certificate is like that has no entry, such as one that `acme-edge issue` is asked for. */
  readonly defaults?: Omit<CertificateConfig, 'names'> | undefined
  /** Another directory of the CA, for trying things out; its certificates are trusted by nobody. */
  readonly staging?: string | undefined
  /** What replaces the limits that the CA is known to have; `undefined`: nothing. */
  readonly limits?: CaLimitsConfig | undefined
  /** `undefined`: handshakes for names without a certificate are refused. */
  readonly onDemand?: OnDemandConfig | undefined
}

/** Certificates that are got when a handshake asks for their name. */
export interface OnDemandConfig {
  /** The URL that decides whether a name gets one. */
  readonly ask: string
  readonly timeoutMs: number
  readonly limits: { readonly perMinute: number; readonly perRegisteredDomain: Limit | 'off' }
  /** That may wait at a time, of each process. */
  readonly waitingHandshakes: number
}

/** Limits of the CA as edge.yaml sets them; a missing one stays what it is known to be. */
export interface CaLimitsConfig {
  readonly limits: Readonly<Partial<Record<LimitName, Limit | 'off' | undefined>>>
  readonly renewalsExempt: boolean | undefined
}

/** `folder` is where certificates are served from, and where the control socket is: 0700, of this machine alone. */
export type StoreConfig = { readonly kind: 'file'; readonly folder: string } | RedisStoreConfig

export interface RedisStoreConfig {
  readonly kind: 'redis'
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly database: number
  readonly username: string | undefined
  readonly password: string | undefined
  /** Absolute path of a file whose text is the password, read at every connection. */
  readonly passwordFile: string | undefined
  /** Absolute path of a PEM file that the server's certificate is checked against instead of the system's roots. */
  readonly ca: string | undefined
  /** What every key in Redis begins with. */
  readonly prefix: string
  /** Copies of the certificates: they are served while Redis is lost. */
  readonly folder: string
}

/** Every limit has a name, a unit and a default; `docs/configuration.md` says which attack it stops. */
export interface LimitsConfig {
  readonly headerTimeoutMs: number
  readonly bodyIdleTimeoutMs: number
  readonly bodyMinBytesPerSecond: number
  readonly sendTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly requestsPerSocket: number
  readonly headerBytes: number
  readonly headerCount: number
  readonly targetBytes: number
  readonly http2Streams: number
  readonly originConnectTimeoutMs: number
  readonly originResponseTimeoutMs: number
  readonly originBodyIdleTimeoutMs: number
  readonly originConnections: number
  readonly drainTimeoutMs: number
  /** Of each process. */
  readonly inspectionThreads: number
}

/** The whole configuration, validated once and frozen. All paths are absolute. */
export interface EdgeConfig {
  readonly file: string
  readonly listen: { readonly http: readonly ListenAddress[]; readonly https: readonly ListenAddress[] }
  readonly sites: readonly SiteConfig[]
  readonly waf: {
    readonly mode: WafMode
    /** Rule files in load order, globs expanded. */
    readonly rules: readonly string[]
    readonly errorLog: string | undefined
    readonly auditLog: string | undefined
  }
  readonly acme: AcmeConfig | undefined
  readonly store: StoreConfig
  readonly admin: ListenAddress | undefined
  readonly workers: number
  readonly log: { readonly access: 'stdout' | 'off' | { readonly file: string } }
  /** Networks whose X-Forwarded-For is believed, CIDR. */
  readonly trustedProxies: readonly string[]
  readonly limits: LimitsConfig
}
