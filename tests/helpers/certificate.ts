import * as x509 from '@peculiar/x509'
import { installCertificate } from '../../src/store/certificates.ts'

const strongKey = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** Below what TLS takes, and long-lived, so that it is preferred. */
const weakKey = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 1024,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
}

/** Puts a self-signed certificate for the names into a store, as if it had been issued. */
export async function writeCertificate(
  storeFolder: string,
  names: readonly string[],
  { weak = false }: { weak?: boolean } = {},
): Promise<void> {
  const algorithm = weak ? weakKey : strongKey
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const [first = 'localhost'] = names
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${first}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + (weak ? 900 : 90) * 86_400_000),
    extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
  })
  const privateKeyPem = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  await installCertificate(storeFolder, {
    name: first,
    fullChainPem: `${certificate.toString('pem')}\n`,
    privateKeyPem,
  })
}
