import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../../src/acme/certificate-names.ts'
import { fetchDirectory } from '../../../src/acme/client.ts'
import { issueCertificate } from '../../../src/acme/issue-certificate.ts'
import { certificateId } from '../../../src/acme/renewal/certificate-id.ts'
import { renewAtMs } from '../../../src/acme/renewal/renew-at.ts'
import { fetchRenewalInfo } from '../../../src/acme/renewal/renewal-info.ts'
import { openTransport } from '../../../src/acme/transport.ts'
import { openFileStore } from '../../../src/store/file-store.ts'
import { openChallengeListener } from '../../helpers/challenge-listener.ts'
import { pebbleMissing, startPebble } from '../../helpers/pebble.ts'
import { setRenewalInfo } from '../../helpers/renewal-window.ts'

const skip = pebbleMissing()
const signal = AbortSignal.timeout(60_000)

t.test('a real CA knows its certificates by our ids, and tells a window in their life', { skip }, async (t) => {
  const { certificates, ask } = await fixture(t, 12)
  for (const { fullChainPem, serial, notBeforeMs, notAfterMs } of certificates) {
    const id = certificateId(fullChainPem)
    const sent = Buffer.from(String(id.split('.')[1]), 'base64url').toString('hex')
    t.equal(sent.replace(/^00/, ''), serial.toLowerCase())
    const info = await ask(id)
    t.ok(notBeforeMs < info.start && info.end < notAfterMs, `${new Date(info.start)} to ${new Date(info.end)}`)
    const at = renewAtMs({ id, notBeforeMs, notAfterMs }, info)
    t.ok(at >= info.start && at <= info.end)
  }
  t.equal(certificates.length, 12)
})

t.test('a window that the CA moves to the past makes the certificate due', { skip }, async (t) => {
  const { pebble, certificates, ask } = await fixture(t, 1)
  const [certificate] = certificates
  if (!certificate) throw new Error('no certificate')
  const id = certificateId(certificate.fullChainPem)
  const nowMs = Date.now()
  const times = { start: new Date(nowMs - 7_200_000).toISOString(), end: new Date(nowMs - 3_600_000).toISOString() }
  const explanationURL = 'https://ca.example/incident'
  await setRenewalInfo(pebble, certificate.fullChainPem, { suggestedWindow: times, explanationURL })
  const info = await ask(id)
  t.equal(info.explanationUrl, explanationURL)
  t.ok(renewAtMs({ id, ...certificate }, info) < nowMs)
})

t.test('a certificate that the CA does not know is a typed refusal', { skip }, async (t) => {
  const { ask } = await fixture(t, 0)
  await t.rejects(ask('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE'), { code: 'ACME_EDGE_ACME_REFUSED' })
})

async function fixture(t: Test, count: number) {
  const base = t.testdir()
  const certificateFolder = join(base, 'certs')
  const publisher = await openChallengeListener()
  t.teardown(() => publisher.close())
  const pebble = await startPebble({ folder: join(base, 'pebble'), httpPort: publisher.port })
  t.teardown(() => pebble.stop())
  const { directory, rootCa } = pebble
  const store = await openFileStore({ folder: certificateFolder, log: { warn: () => undefined } })
  const transport = await openTransport({ rootCa })
  t.teardown(() => transport.close())
  const acme = { directory, rootCa, contact: [], certificates: [] }
  const certificates = []
  for (let i = 0; i < count; i += 1) {
    const names = parseCertificateNames([`n${i}.example`])
    certificates.push(await issueCertificate({ names, acme, store, certificateFolder, publisher, signal }))
  }
  const { renewalInfo: url } = await fetchDirectory(transport, directory, signal)
  if (url === undefined) throw new Error('this Pebble has no ARI')
  const ask = (id: string) => fetchRenewalInfo({ url, id, transport, nowMs: Date.now() }, signal)
  return { pebble, certificates, ask }
}
