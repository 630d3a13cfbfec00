import { X509Certificate } from 'node:crypto'
import { exportJWK } from 'jose'
import t from 'tap'
import { issue, newKey, readyOrder, refused, startLocalCa, type TestKey } from './local-ca.ts'

const encode = (pem: string) => new X509Certificate(pem).raw.toString('base64url')

t.test('the account that got a certificate downloads and revokes it, once', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const { download, finalized } = await issue(ca, account, ['demo.localhost'])
  const certificate = encode(download.text)
  const revoke = (payload: object) => account.post(ca.directory.revokeCert, payload)
  const other = await ca.enrol(await newKey())
  const foreign = await other.post(finalized.json.certificate)
  refused(t, foreign, { type: 'unauthorized', status: 403, name: 'download by another account' })
  const missing = await revoke({ certificate: encode(ca.authority.rootPem) })
  refused(t, missing, { type: 'malformed', status: 404, name: 'a certificate that is not known' })
  const reason = await revoke({ certificate, reason: 2 })
  refused(t, reason, { type: 'badRevocationReason', status: 400, name: 'a reason of the CA' })
  t.equal((await revoke({ certificate, reason: 1 })).status, 200)
  refused(t, await revoke({ certificate }), { type: 'alreadyRevoked', status: 400, name: 'twice' })
})

t.test('the alternate chain ends with the root', async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const { download } = await issue(ca, account, ['demo.localhost'])
  const alternate = /<([^>]+)>;\s*rel="alternate"/.exec(String(download.headers.get('link')))?.[1]
  const other = await account.post(alternate)
  t.equal(other.text, download.text + ca.authority.rootPem)
  t.match(other.headers.get('link'), /rel="alternate"/)
  const stranger = await ca.enrol(await newKey())
  refused(t, await stranger.post(alternate), { type: 'unauthorized', status: 403, name: 'another account' })
})

t.test("the certificate's key and an account that holds its names may revoke, a stranger may not", async (t) => {
  const ca = await startLocalCa(t)
  const account = await ca.enrol(await newKey())
  const url = String(ca.directory.revokeCert)
  const first = await issue(ca, account, ['demo.localhost'])
  const second = await issue(ca, account, ['demo.localhost'])
  const { privateKey, publicKey } = first.csr.keys
  const key: TestKey = { algorithm: 'ES256', privateKey, jwk: await exportJWK(publicKey), thumbprint: '' }
  const foreign = await ca.post({ url, key, payload: { certificate: encode(second.download.text) } })
  refused(t, foreign, { type: 'unauthorized', status: 403, name: 'the key of another certificate' })
  t.equal((await ca.post({ url, key, payload: { certificate: encode(first.download.text) } })).status, 200)

  const other = await ca.enrol(await newKey())
  const payload = { certificate: encode(second.download.text) }
  refused(t, await other.post(url, payload), { type: 'unauthorized', status: 403, name: 'a stranger' })
  await readyOrder(ca, other, ['demo.localhost'])
  t.equal((await other.post(url, payload)).status, 200)
})
