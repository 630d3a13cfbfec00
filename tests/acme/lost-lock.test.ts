import t from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import { openAuthority } from '../../src/acme/local-ca/authority.ts'
import { startAcmeServer } from '../../src/acme/local-ca/start-acme-server.ts'
import { createLog } from '../../src/log.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { openChallengeListener } from '../helpers/challenge-listener.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'

t.test('an issuance that lost its lock to another replica stops, and changes nothing any more', async (t) => {
  const name = 'shop.localhost'
  const publisher = await openChallengeListener()
  t.teardown(() => publisher.close())
  const authority = await openAuthority({ store: createMemoryStore(), signal: AbortSignal.timeout(10_000) })
  const log = createLog('silent')
  const ca = await startAcmeServer({ authority, validationPort: publisher.port, log })
  t.teardown(() => ca.close())
  const store = createMemoryStore()
  const certificateFolder = t.testdir()
  const { publish } = publisher
  publisher.publish = async (challenge, signal) => {
    await publish(challenge, signal)
    store.breakLock(`orders/${name}`)
    await store.lock(`orders/${name}`, signal)
    store.values.set(`orders/${name}.json`, Buffer.from('of the successor'))
  }
  const issuing = issueCertificate({
    names: parseCertificateNames([name]),
    acme: { directory: ca.directoryUrl, rootCa: undefined, contact: [], certificates: [], limits: undefined },
    store,
    certificateFolder,
    publisher,
    signal: new AbortController().signal,
    timeoutMs: 20_000,
  })
  await t.rejects(issuing, { code: 'ACME_EDGE_STORE_STALE' })
  t.equal(String(store.values.get(`orders/${name}.json`)), 'of the successor')
  t.equal(await loadCertificate(certificateFolder, name), undefined)
  t.equal(publisher.active(), 0, 'its challenge is withdrawn')
})
