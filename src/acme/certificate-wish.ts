import type { HostName } from '../http.ts'
import type { KeyType } from './key-type.ts'

/** What a certificate is to be like. */
export interface CertificateWish {
  /** From parseCertificateNames(): host names and addresses. */
  readonly names: readonly HostName[]
  /** One of the profiles that the CA's directory offers (draft-ietf-acme-profiles). Default: the CA chooses. */
  readonly profile?: string | undefined
  /** Default: ecdsa-p256. */
  readonly keyType?: KeyType | undefined
  /** Common name of the issuer at the end of the chain, where the CA offers several chains. */
  readonly preferredChain?: string | undefined
  /** The id of the certificate that this one follows (RFC 9773 §5), from certificateId(). */
  readonly replaces?: string | undefined
}
