import * as x509 from '@peculiar/x509'
import { installCertificate } from '../../src/store/certificates.ts'

/** Puts a self-signed certificate for the names into a store, as if it had been issued. */
export async function writeCertificate(storeFolder: string, names: readonly string[]): Promise<void> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const [first = 'localhost'] = names
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${first}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 90 * 86_400_000),
    extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
  })
  const privateKeyPem = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  await installCertificate(storeFolder, {
    name: first,
    fullChainPem: `${certificate.toString('pem')}\n`,
    privateKeyPem,
  })
}
