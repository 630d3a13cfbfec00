import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export interface IssuedPair {
  readonly certPem: string
  readonly keyPem: string
}

export interface TestAuthority {
  readonly caPem: string
  issue(names: readonly string[]): Promise<IssuedPair>
}

/** A throw-away CA, for origins whose certificate a test wants checked. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const caKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const validity = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) }
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=test authority',
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return {
    caPem: ca.toString('pem'),
    async issue(names) {
      const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity,
        subject: `CN=${names[0]}`,
        issuer: ca.subject,
        publicKey: keys.publicKey,
        signingKey: caKeys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: typeOf(value), value }))),
          await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
        ],
      })
      const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
      return { certPem: certificate.toString('pem'), keyPem: x509.PemConverter.encode(key, 'PRIVATE KEY') }
    },
  }
}

function typeOf(name: string): 'dns' | 'ip' {
  return /^[\d.]+$|:/.test(name) ? 'ip' : 'dns'
}
