import * as x509 from '@peculiar/x509'
import t from 'tap'
import { certificateId } from '../../../src/acme/renewal/certificate-id.ts'
import { ariExample } from '../../helpers/ari-example.ts'

t.test("the RFC's example certificate has the RFC's id, the serial's leading zero byte included", async (t) => {
  t.equal(certificateId(ariExample.pem), ariExample.id)
})

t.test('of a chain, the leaf counts', async (t) => {
  t.equal(certificateId(`${ariExample.pem}\n${ariExample.pem}`), ariExample.id)
})

t.test('a certificate without authority key identifier, and what is none, are refused', async (t) => {
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])
  const bare = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=bare', keys, signingAlgorithm })
  t.throws(() => certificateId(bare.toString('pem')), {
    code: 'ACME_EDGE_ACME_PROTOCOL',
    message: /no authority key identifier/,
  })
  for (const text of ['', 'junk', ariExample.pem.slice(0, 200), ariExample.pem.replace('MIIB', 'MIIC')]) {
    t.throws(() => certificateId(text), { code: 'ACME_EDGE_ACME_PROTOCOL', message: /damaged/ })
  }
})
