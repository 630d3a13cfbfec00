import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { type CrashPoint, type CrashReport, untilCrash } from '../helpers/crashing-files.ts'
import { startLocalCa } from './local-ca/local-ca.ts'

t.setTimeout(300_000)

const isFull = process.env.ACME_EDGE_TEST_FULL === '1'

/** What the CA was asked for, by the paths of its addresses. */
function countRequests(t: Test, isMeant: (path: string) => boolean): { count: number } {
  const counter = { count: 0 }
  const note = (message: unknown) => {
    if (isMeant((message as { request: { path: string } }).request.path)) counter.count++ // undici's message
  }
  subscribe('undici:request:create', note)
  t.teardown(() => unsubscribe('undici:request:create', note))
  return counter
}

t.test('a process that dies at any change of a file: the next one goes on where it was', async (t) => {
  const ca = await startLocalCa(t)
  const { answers } = ca.challenges
  const orders = countRequests(t, (path) => /new-?order/i.test(path))
  const accounts = new Set<string>()

  const run = async (folder: string, name: string, point?: CrashPoint): Promise<CrashReport> => {
    return untilCrash(point, async (died) => {
      const store = await openFileStore({ folder, log: { warn: () => undefined } })
      // What it had published is withdrawn with the connection of a process that is gone.
      const published: string[] = []
      died.addEventListener('abort', () => published.map((token) => answers.delete(token)))
      const signal = AbortSignal.any([died, AbortSignal.timeout(20_000)])
      await issueCertificate({
        names: parseCertificateNames([name]),
        acme: { directory: ca.server.directoryUrl, rootCa: undefined, contact: [], certificates: [] },
        store,
        certificateFolder: folder,
        publisher: {
          async publish({ token, keyAuthorization }) {
            died.throwIfAborted()
            published.push(token)
            answers.set(token, keyAuthorization)
          },
          withdraw: async ({ token }) => void answers.delete(token),
          installed: async () => died.throwIfAborted(),
        },
        signal,
        onProgress: (progress) => void (progress.kind === 'account' && accounts.add(progress.url)),
      })
    })
  }
  const newFolder = () => {
    const folder = mkdtempSync(join(tmpdir(), 'acme-edge-crash-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  }

  const { changes } = await run(newFolder(), 'whole.localhost')
  t.ok(changes > 80, `${changes} changes in a whole issuance`)
  const moments = ['before', 'half', 'after'] as const
  const wrong: string[] = []
  let [runs, resumed] = [0, 0]
  for (let number = 1; number <= changes; number += 1) {
    for (const moment of isFull ? moments : [moments[number % 3] as (typeof moments)[number], 'before' as const]) {
      const [folder, name] = [newFolder(), `n${number}-${moment}.localhost`]
      const before = orders.count
      const { diedAt } = await run(folder, name, { number, moment })
      const ordered = orders.count - before
      // A real process would have died with its lock; this one is still alive, so its lock is taken from it.
      rmSync(join(folder, 'locks'), { recursive: true, force: true })
      const journal = await readJournal(folder, name)
      const isDone = journal === undefined && (await loadCertificate(folder, name)) !== undefined
      if (!isDone) await run(folder, name)
      runs++
      const all = orders.count - before
      if (ordered > 0 && all === 1) resumed++
      const problem =
        diedAt === undefined
          ? 'did not die'
          : all !== 1 // one of which nothing was noted is found in the account's list
            ? `${all} orders`
            : answers.size > 0
              ? 'a token is left'
              : await whatIsWrong(folder, name)
      if (problem !== undefined) wrong.push(`${moment} ${number} (${diedAt}): ${problem}`)
    }
  }
  t.same(wrong, [])
  t.ok(runs >= 2 * changes - 2, `${runs} runs`)
  t.ok(resumed > runs / 4, `${resumed} went on with the order`)
  t.comment(`${changes} changes, ${runs} crashes, ${resumed} resumed`)
})

async function readJournal(folder: string, name: string): Promise<{ orderUrl?: string } | undefined> {
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  const bytes = await store.read(`orders/${name}.json`)
  return bytes && (JSON.parse(bytes.toString()) as { orderUrl?: string }) // written by the journal
}

/** Throws for a key that does not fit its certificate. */
async function whatIsWrong(folder: string, name: string): Promise<string | undefined> {
  const certificate = await loadCertificate(folder, name).catch((error: Error) => error.message)
  if (certificate === undefined) return 'no certificate'
  if (typeof certificate === 'string') return certificate
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  const left = await store.list('orders/')
  if (left.length > 0) return `left: ${left.join()}`
  const keys = await store.list('accounts/')
  return keys.length === 2 ? undefined : `accounts: ${keys.join()}`
}
