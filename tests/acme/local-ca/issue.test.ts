import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parseCertificateNames } from '../../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../../src/acme/issue-certificate.ts'
import type { ChallengePublisher } from '../../../src/challenge/publisher.ts'
import { type LocalCa, startLocalCa, temporaryStore } from './local-ca.ts'

t.test("acme-edge's own client gets a certificate, and the next from another server", async (t) => {
  const { folder, store } = await temporaryStore(t)
  const issueFrom = async (ca: LocalCa) => {
    const steps: string[] = []
    const stored = await issueCertificate({
      names: parseCertificateNames(['demo.localhost', 'shop.demo.localhost']),
      acme: {
        directory: ca.server.directoryUrl,
        rootCa: undefined,
        contact: ['mailto:ops@demo.example'],
        certificates: [],
      },
      store,
      certificateFolder: folder,
      publisher: publisherFor(ca),
      signal: AbortSignal.timeout(20_000),
      onProgress: (progress) => void steps.push(progress.kind),
    })
    return { steps, stored }
  }
  const first = await startLocalCa(t)
  const { steps, stored } = await issueFrom(first)
  t.same(stored.names, ['demo.localhost', 'shop.demo.localhost'])
  t.same([...new Set(steps)], ['account', 'order', 'authorization', 'finalized', 'downloaded', 'installed'])
  const chain = await readFile(join(folder, 'live/demo.localhost/chain.pem'), 'utf8')
  t.ok(new X509Certificate(chain).verify(new X509Certificate(first.authority.rootPem).publicKey))
  t.equal(first.challenges.answers.size, 0, 'every token was withdrawn')
  t.same(first.faults, [])

  const second = await startLocalCa(t)
  t.not((await issueFrom(second)).stored.serial, stored.serial)
})

t.test('a validation that fails reaches the client as a typed error with the host', async (t) => {
  const { folder, store } = await temporaryStore(t)
  const ca = await startLocalCa(t)
  const issuing = issueCertificate({
    names: parseCertificateNames(['demo.localhost']),
    acme: { directory: ca.server.directoryUrl, rootCa: undefined, contact: [], certificates: [] },
    store,
    certificateFolder: folder,
    publisher: { ...publisherFor(ca), publish: async () => undefined },
    signal: AbortSignal.timeout(20_000),
  })
  await t.rejects(issuing, { code: 'ACME_EDGE_ACME_VALIDATION_FAILED', message: /demo\.localhost/ })
})

function publisherFor(ca: LocalCa): ChallengePublisher {
  return {
    publish: async ({ token, keyAuthorization }) => void ca.challenges.answers.set(token, keyAuthorization),
    withdraw: async ({ token }) => void ca.challenges.answers.delete(token),
    installed: async () => undefined,
  }
}
