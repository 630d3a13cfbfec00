import * as x509 from '@peculiar/x509'
import type { NewCertificate } from '../src/store/certificates.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 86_400_000

/** Makes self-signed certificates that share one key: ten thousand keys would take longer than what is measured. */
export async function certificateMaker(): Promise<(name: string) => Promise<NewCertificate>> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const privateKeyPem = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return async (name) => {
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: new Date(Date.now() + 90 * DAY_MS),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
    })
    return { name, fullChainPem: `${certificate.toString('pem')}\n`, privateKeyPem }
  }
}
