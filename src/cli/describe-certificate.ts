import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { certificateId } from '../acme/renewal/certificate-id.ts'
import { splitPem } from '../store/certificate-set.ts'
import type { StoredCertificate } from '../store/certificates.ts'

/** A certificate as `show` and `import` print it; nothing of the key but its kind. */
export interface CertificateDescription {
  readonly name: string
  readonly names: readonly string[]
  readonly issuer: string
  /** Subjects of the intermediates, in the order of the chain. */
  readonly chain: readonly string[]
  readonly serial: string
  readonly notBefore: string
  readonly notAfter: string
  /** As `--key-type` has it where it can: `ecdsa-p256`, `rsa-2048`. */
  readonly keyType: string
  /** SHA-256 of the leaf, upper-case hex with colons. */
  readonly fingerprint: string
  /** RFC 9773 §4.1; `undefined`: it names no authority key, so that its CA cannot be asked about it. */
  readonly ariId: string | undefined
  readonly files: Readonly<Record<'certificate' | 'chain' | 'fullChain' | 'privateKey', string>>
}

export function describeCertificate(certificate: StoredCertificate, folder: string): CertificateDescription {
  const { name, names, serial, notBeforeMs, notAfterMs, fullChainPem } = certificate
  const [leaf, ...intermediates] = splitPem(fullChainPem).map((pem) => new X509Certificate(pem))
  if (leaf === undefined) throw new TypeError('a certificate of the store has a leaf')
  const file = (file: string) => join(folder, 'live', name, file)
  return {
    name,
    names,
    issuer: oneLine(leaf.issuer),
    chain: intermediates.map(({ subject }) => oneLine(subject)),
    serial,
    notBefore: new Date(notBeforeMs).toISOString(),
    notAfter: new Date(notAfterMs).toISOString(),
    keyType: keyTypeOf(leaf),
    fingerprint: leaf.fingerprint256,
    ariId: ariIdOf(fullChainPem),
    files: {
      certificate: file('cert.pem'),
      chain: file('chain.pem'),
      fullChain: file('fullchain.pem'),
      privateKey: file('privkey.pem'),
    },
  }
}

/** The same for a person; `notes` are lines of what else is known. */
export function certificateText(
  one: CertificateDescription,
  notes: readonly (readonly [string, string])[] = [],
): string {
  const lines: readonly (readonly [string, string])[] = [
    ['certificate', one.name],
    ['names', one.names.join(', ')],
    ['valid', `${one.notBefore} to ${one.notAfter}`],
    ['issuer', one.issuer],
    ['chain', one.chain.join(' ← ') || 'none'],
    ['serial', one.serial],
    ['key', one.keyType],
    ['SHA-256', one.fingerprint],
    ['ARI', one.ariId ?? 'no id: it names no authority key'],
    ...notes,
    ['files', one.files.fullChain],
    ['', one.files.privateKey],
  ]
  return lines.map(([name, text]) => `${(name === '' ? '' : `${name}:`).padEnd(13)}${text}`).join('\n')
}

/** Node prints a name over several lines; what a certificate says must not steer a terminal. */
const oneLine = (name: string | undefined): string =>
  (name ?? '').replace(/\n/g, ', ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')

const curves: Readonly<Record<string, string>> = { prime256v1: 'p256', secp384r1: 'p384', secp521r1: 'p521' }

function keyTypeOf({ publicKey }: X509Certificate): string {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details } = publicKey
  if (type === 'ec') return `ecdsa-${curves[details?.namedCurve ?? ''] ?? details?.namedCurve}`
  return details?.modulusLength === undefined ? type : `${type}-${details.modulusLength}`
}

function ariIdOf(pem: string): string | undefined {
  try {
    return certificateId(pem)
  } catch {
    return undefined
  }
}
