import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import * as asn1 from 'asn1js'
import * as pki from 'pkijs'
import { type CertificateSet, splitPem } from '../store/certificate-set.ts'

/**
 * Rounds of key derivation: a guess at the password costs so many hashes. More would hurt nobody but readers with a limit of their own:
 * some refuse what asks them for more than a few hundred thousand.
 */
const iterations = 100_000
const saltBytes = 16

const oid = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
}

/**
 * Key and chain as one file that Windows, Java and Tomcat read (PKCS #12, RFC 7292): both encrypted with AES-256-CBC under a key of
 * PBKDF2 with HMAC-SHA-256 (RFC 8018), the whole under an HMAC-SHA-256.
 *
 * @param options.name what programs show for the pair
 * @returns DER
 */
export async function toPkcs12(set: CertificateSet, options: Pkcs12Options): Promise<Buffer> {
  const { name } = options
  const password = toArrayBuffer(Buffer.from(options.password))
  const [leaf, ...rest] = splitPem(set.fullChainPem).map((pem) => new X509Certificate(pem))
  if (leaf === undefined) throw new Error('there is no certificate in the chain')
  // Tells readers which of the certificates is that of the key.
  const pairAttributes = [friendlyName(name), localKeyId(leaf)]
  const key = createPrivateKey(set.privateKeyPem).export({ type: 'pkcs8', format: 'der' })
  const shrouded = new pki.PKCS8ShroudedKeyBag({ parsedValue: pki.PrivateKeyInfo.fromBER(toArrayBuffer(key)) })
  const certificates = [certificateBag(leaf, pairAttributes), ...rest.map((one) => certificateBag(one, []))]
  const encryption = {
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: iterations,
  }
  // The library's declaration leaves out what its own function asks for.
  await shrouded.makeInternalValues({ ...encryption, password } as never)
  const keyBag = new pki.SafeBag({ bagId: oid.shroudedKeyBag, bagValue: shrouded, bagAttributes: pairAttributes })
  const safe = new pki.AuthenticatedSafe({
    safeContents: [
      dataOf(new pki.SafeContents({ safeBags: [keyBag] }).toSchema().toBER()), // the bag is encrypted itself
      await encrypted(new pki.SafeContents({ safeBags: certificates }).toSchema().toBER(), { ...encryption, password }),
    ],
  })
  return stamp(safe, password)
}

export interface Pkcs12Options {
  readonly name: string
  readonly password: string
}

interface Encryption {
  readonly contentEncryptionAlgorithm: { readonly name: string; readonly length: number }
  readonly hmacHashAlgorithm: string
  readonly iterationCount: number
  readonly password: ArrayBuffer
}

/** EncryptedData in one piece: the library's own is BER in pieces of a KiB, and some programs read DER alone. */
async function encrypted(contentToEncrypt: ArrayBuffer, encryption: Encryption): Promise<pki.ContentInfo> {
  const made = await pki
    .getCrypto(true)
    .encryptEncryptedContentInfo({ ...encryption, contentToEncrypt, contentType: oid.data })
  const encryptedContentInfo = new pki.EncryptedContentInfo({
    contentType: oid.data,
    contentEncryptionAlgorithm: made.contentEncryptionAlgorithm,
    encryptedContent: new asn1.OctetString({ valueHex: made.getEncryptedContent() }),
    disableSplit: true,
  })
  const content = new pki.EncryptedData({ encryptedContentInfo }).toSchema()
  return new pki.ContentInfo({ contentType: oid.encryptedData, content })
}

const dataOf = (content: ArrayBuffer): pki.ContentInfo =>
  new pki.ContentInfo({ contentType: oid.data, content: new asn1.OctetString({ valueHex: content }) })

/** The MAC over all of it, under the password. */
async function stamp(safe: pki.AuthenticatedSafe, password: ArrayBuffer): Promise<Buffer> {
  const content = safe.toSchema().toBER(false)
  const salt = toArrayBuffer(randomBytes(saltBytes))
  const engine = pki.getCrypto(true)
  const hashAlgorithm = 'SHA-256'
  const stamped = { password, hashAlgorithm, salt, iterationCount: iterations, contentToStamp: content }
  const digest = await engine.stampDataWithPassword(stamped)
  const pfx = new pki.PFX({
    authSafe: dataOf(content),
    macData: new pki.MacData({
      mac: new pki.DigestInfo({
        digestAlgorithm: new pki.AlgorithmIdentifier({
          algorithmId: engine.getOIDByAlgorithm({ name: hashAlgorithm }, true),
          algorithmParams: new asn1.Null(),
        }),
        digest: new asn1.OctetString({ valueHex: digest }),
      }),
      macSalt: new asn1.OctetString({ valueHex: salt }),
      iterations,
    }),
  })
  return Buffer.from(pfx.toSchema().toBER(false))
}

function certificateBag(certificate: X509Certificate, attributes: readonly pki.Attribute[]): pki.SafeBag {
  const parsedValue = pki.Certificate.fromBER(toArrayBuffer(certificate.raw))
  return new pki.SafeBag({
    bagId: oid.certificateBag,
    bagValue: new pki.CertBag({ parsedValue }),
    ...(attributes.length === 0 ? {} : { bagAttributes: [...attributes] }),
  })
}

const friendlyName = (name: string): pki.Attribute =>
  new pki.Attribute({ type: oid.friendlyName, values: [new asn1.BmpString({ value: name })] })

const localKeyId = (leaf: X509Certificate): pki.Attribute => {
  const fingerprint = Buffer.from(leaf.fingerprint.replaceAll(':', ''), 'hex')
  return new pki.Attribute({
    type: oid.localKeyId,
    values: [new asn1.OctetString({ valueHex: toArrayBuffer(fingerprint) })],
  })
}

/** A copy of its own: a Buffer may be a piece of a larger one, whose other bytes the library would see. */
function toArrayBuffer(bytes: Buffer): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length)
  new Uint8Array(copy).set(bytes)
  return copy
}
