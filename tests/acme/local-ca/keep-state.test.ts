import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { certificateId } from '../../../src/acme/renewal/certificate-id.ts'
import type { Store } from '../../../src/store/contract.ts'
import {
  createCsr,
  findChallenge,
  issue,
  newKey,
  readyOrder,
  refused,
  settled,
  sign,
  startLocalCa,
  temporaryStore,
} from './local-ca.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl && process.env.CI) throw new Error('openssl is not installed')

const identifiers = (...names: string[]) => names.map((value) => ({ type: 'dns', value }))

/** A server whose state is in the store; the next one has the port of the first, as after a restart. */
async function start(t: Parameters<typeof startLocalCa>[0], store: Store, port = 0) {
  return startLocalCa(t, { store }, { store, listen: { host: '127.0.0.1', port } })
}

t.test('a server that is started again knows accounts, orders and certificates', async (t) => {
  const { store } = await temporaryStore(t)
  const first = await start(t, store)
  const { port } = first.server
  const account = await first.enrol(await newKey())
  await account.post(account.kid, { contact: ['mailto:a@b.example'] })
  const issued = await issue(first, account, ['done.localhost'])
  const ready = await readyOrder(first, account, ['ready.localhost'])
  const failed = await account.post(first.directory.newOrder, { identifiers: identifiers('failed.localhost') })
  const [failing = ''] = failed.json.authorizations as string[]
  await account.post((await findChallenge(account, failing)).url, {})
  await settled(account, failing)
  const next = await newKey()
  const inner = await sign({
    url: String(first.directory.keyChange),
    key: next,
    payload: { account: account.kid, oldKey: account.key.jwk },
  })
  t.equal((await account.post(first.directory.keyChange, inner)).status, 200, 'rollover')
  await first.server.close()

  const second = await start(t, store, port)
  t.equal(second.authority.rootPem, first.authority.rootPem)
  const again = (url: unknown, payload: unknown = '') =>
    second.post({ url: String(url), key: next, kid: account.kid, payload })
  const old = await second.post({ url: account.kid, key: account.key, kid: account.kid, payload: '' })
  refused(t, old, { type: 'malformed', status: 400, name: 'the key before the rollover' })
  t.match((await again(account.kid)).json, { status: 'valid', contact: ['mailto:a@b.example'] })
  t.equal((await again(issued.finalized.json.certificate)).text, issued.download.text)
  t.equal((await again(issued.order.url)).json.status, 'valid')
  t.match((await again(failed.headers.get('location'))).json, {
    status: 'invalid',
    error: { type: /:incorrectResponse$/, identifier: { value: 'failed.localhost' } },
  })
  t.equal((await again(ready.url)).json.status, 'ready')
  const csr = (await createCsr(['ready.localhost'])).encoded
  t.equal((await again(ready.json.finalize, { csr })).json.status, 'valid')
  const list = (await again(`${account.kid.replace('/account/', '/account-orders/')}`)).json.orders as string[]
  t.same(list.toSorted(), [issued.order.url, ready.url].toSorted(), 'the invalid order is not listed')
  t.same(second.faults, [])
})

t.test('a validation that was under way goes on, also in another process', async (t) => {
  const { store } = await temporaryStore(t)
  const first = await start(t, store)
  const account = await first.enrol(await newKey())
  const order = await account.post(first.directory.newOrder, { identifiers: identifiers('slow.localhost') })
  const [url = ''] = order.json.authorizations as string[]
  const challenge = await findChallenge(account, url)
  first.challenges.hang(challenge.token)
  await account.post(challenge.url, {})
  for (let i = 0; i < 500 && first.challenges.asked.length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  await first.server.close()
  const second = await startLocalCa(t, { store }, { store, listen: { host: '127.0.0.1', port: first.server.port } })
  // The new server asks on its own port; what it finds there is no answer, so the order ends, and does not hang.
  const after = await settled(
    {
      ...account,
      post: (target, payload = '') => second.post({ url: String(target), key: account.key, kid: account.kid, payload }),
    },
    url,
  )
  t.equal(after.json.status, 'invalid')
  t.equal(second.challenges.asked.length, 3, 'it was asked again, three times')
})

t.test('names that are proven at once all stay proven, however long a write takes', async (t) => {
  const { store } = await temporaryStore(t)
  let writes = 0
  const slow: Store = {
    ...store,
    // Each is quicker than the one before, so that they would overtake each other.
    write: async (key, value, options) => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, 160 - 5 * writes++)))
      await store.write(key, value, options)
    },
  }
  const first = await startLocalCa(t, { store }, { store: slow, listen: { host: '127.0.0.1', port: 0 } })
  const account = await first.enrol(await newKey())
  const names = Array.from({ length: 15 }, (_, i) => `n${i}.localhost`)
  const order = await account.post(first.directory.newOrder, { identifiers: identifiers(...names) })
  const urls = order.json.authorizations as string[]
  await Promise.all(
    urls.map(async (url) => {
      const challenge = await findChallenge(account, url)
      first.challenges.answers.set(challenge.token, `${challenge.token}.${account.key.thumbprint}`)
      await account.post(challenge.url, {})
      await settled(account, url)
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 3_500)) // the last of the writes
  await first.server.close()
  const second = await start(t, store, first.server.port)
  const url = String(order.headers.get('location'))
  t.equal((await second.post({ url, key: account.key, kid: account.kid, payload: '' })).json.status, 'ready')
})

t.test('expired orders are forgotten at the next start', async (t) => {
  const { store } = await temporaryStore(t)
  let nowMs = Date.now()
  const first = await startLocalCa(t, { store, clock: () => nowMs }, { store })
  await readyOrder(first, await first.enrol(await newKey()), ['a.localhost'])
  await first.server.close()
  t.equal((await store.list('acme-server/orders/')).length, 1)
  nowMs += 3_600_001
  await startLocalCa(t, { store, clock: () => nowMs }, { store })
  t.same(await store.list('acme-server/orders/'), [])
})

t.test('a write that fails is said, and leaves nothing behind', async (t) => {
  const { store } = await temporaryStore(t)
  let isFull = false
  const failing: Store = {
    ...store,
    write: async (key, value, options) => {
      if (isFull) throw new Error('no space left')
      await store.write(key, value, options)
    },
  }
  const ca = await startLocalCa(t, { store }, { store: failing })
  const account = await ca.enrol(await newKey())
  const ready = await readyOrder(ca, account, ['full.localhost'])
  const csr = (await createCsr(['full.localhost'])).encoded
  const issued = await issue(ca, account, ['issued.localhost'])
  const next = await newKey()
  const payload = { account: account.kid, oldKey: account.key.jwk }
  const inner = await sign({ url: String(ca.directory.keyChange), key: next, payload })
  isFull = true
  const key = await newKey()
  const attempts = [
    await ca.post({ url: String(ca.directory.newAccount), key, payload: {} }),
    await account.post(ca.directory.newOrder, { identifiers: identifiers('a.localhost') }),
    await account.post(ready.json.finalize, { csr }),
    await account.post(ca.directory.revokeCert, { certificate: derOf(issued.download.text) }),
    await account.post(ca.directory.keyChange, inner),
  ]
  for (const attempt of attempts) refused(t, attempt, { type: 'serverInternal', status: 500, name: 'a full disk' })
  isFull = false
  const known = await ca.post({ url: String(ca.directory.newAccount), key, payload: { onlyReturnExisting: true } })
  refused(t, known, { type: 'accountDoesNotExist', status: 400, name: 'the account was not made' })
  t.equal((await account.post(ready.json.finalize, { csr })).json.status, 'valid', 'the order could still be finalized')
  t.equal((await account.post(account.kid)).status, 200, "the old key is still the account's")
  t.equal((await account.post(ca.directory.revokeCert, { certificate: derOf(issued.download.text) })).status, 200)
  t.equal(ca.faults.length, 5)
})

t.test('what is kept and cannot be read is an error with its place', async (t) => {
  const { store } = await temporaryStore(t)
  const first = await start(t, store)
  await issue(first, await first.enrol(await newKey()), ['a.localhost'])
  await first.server.close()
  const [key = ''] = await store.list('acme-server/certificates/')
  await store.write(key, '{}')
  await t.rejects(start(t, store), { code: 'ACME_EDGE_LOCALCA_CORRUPT', message: new RegExp(key) })
})

t.test(
  'revocation survives, with its reason, and openssl believes the list',
  { skip: !hasOpenssl && 'no openssl' },
  async (t) => {
    const { store, folder } = await temporaryStore(t)
    const first = await start(t, store)
    const account = await first.enrol(await newKey())
    const revoked = await issue(first, account, ['bad.localhost'])
    const good = await issue(first, account, ['good.localhost'])
    const certificate = derOf(revoked.download.text)
    t.equal((await account.post(first.directory.revokeCert, { certificate, reason: 1 })).status, 200)
    await first.server.close()
    const second = await start(t, store, first.server.port)
    const again = (url: unknown, payload: unknown) =>
      second.post({ url: String(url), key: account.key, kid: account.kid, payload })
    refused(t, await again(second.directory.revokeCert, { certificate }), {
      type: 'alreadyRevoked',
      status: 400,
      name: 'after a restart',
    })
    const info = await fetch(`${second.directory.renewalInfo}/${certificateId(revoked.download.text)}`)
    t.match(await info.json(), { suggestedWindow: { end: /^\d{4}-/ } })

    const list = await fetch(new URL('/crl', second.server.directoryUrl))
    t.equal(list.headers.get('content-type'), 'application/x-pem-file')
    const files = {
      crl: await list.text(),
      root: second.authority.rootPem,
      bad: revoked.download.text,
      good: good.download.text,
    }
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, `${name}.pem`), text)
    const path = (name: keyof typeof files) => join(folder, `${name}.pem`)
    const verify = (name: 'bad' | 'good') => {
      const args = [
        'verify',
        '-crl_check',
        '-CAfile',
        path('root'),
        '-CRLfile',
        path('crl'),
        '-untrusted',
        path(name),
        path(name),
      ]
      return spawnSync('openssl', args, { encoding: 'utf8' })
    }
    t.match(verify('good').stdout, /: OK\n/)
    t.match(verify('bad').stderr, /certificate revoked/)
    t.match(
      execFileSync('openssl', ['crl', '-in', path('crl'), '-noout', '-text'], { encoding: 'utf8' }),
      /Key Compromise/,
    )
  },
)

/** The leaf of a chain, as revokeCert wants it. */
function derOf(pem: string): string {
  return new X509Certificate(pem).raw.toString('base64url')
}
