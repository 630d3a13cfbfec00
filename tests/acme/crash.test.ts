import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { issueCertificate } from '../../src/acme/issue-certificate.ts'
import { loadCertificate } from '../../src/store/certificates.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { isFullRun } from '../helpers/run-size.ts'
import { type CrashPoint, type CrashReport, untilCrash } from '../helpers/until-crash.ts'
import { startLocalCa } from './local-ca/local-ca.ts'

t.setTimeout(300_000)

/** How many orders the CA, which runs in this process, was asked for. */
function countOrders(t: Test): { count: number } {
  const counter = { count: 0 }
  const note = (message: unknown) => {
    const { method, url } = (message as { request: { method: string; url: string } }).request // node:http's message
    if (method === 'POST' && /new-?order/i.test(url)) counter.count++
  }
  subscribe('http.server.request.start', note)
  t.teardown(() => unsubscribe('http.server.request.start', note))
  return counter
}

t.test('a process that dies at any change of a file or any request: the next one goes on where it was', async (t) => {
  const ca = await startLocalCa(t)
  const { answers } = ca.challenges
  const orders = countOrders(t)
  const misses = countMisses(answers)
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

  const { changes, posts } = await run(newFolder(), 'whole.localhost')
  t.ok(changes > 80, `${changes} changes in a whole issuance`)
  t.ok(posts >= 8, `${posts} requests in a whole issuance`)
  const points = [...changePoints(changes), ...postPoints(posts)]
  const wrong: string[] = []
  let [runs, resumed, failed] = [0, 0, 0]
  for (const point of points) {
    const [folder, name] = [newFolder(), `n${point.number}-${point.moment}.localhost`]
    const [before, missedBefore] = [orders.count, misses.count]
    const { diedAt } = await run(folder, name, point)
    const ordered = orders.count - before
    // A real process would have died with its lock; this one is still alive, so its lock is taken from it.
    rmSync(join(folder, 'locks'), { recursive: true, force: true })
    const isDone = !(await hasJournal(folder, name)) && (await loadCertificate(folder, name)) !== undefined
    if (!isDone) await run(folder, name)
    runs++
    if (ordered === 1 && !isDone) resumed++
    const all = orders.count - before
    if (all > 1) failed++
    // One of which nothing was noted is found in the account's list; but the CA may have looked while nobody answered.
    const problem =
      diedAt === undefined
        ? 'did not die'
        : all < 1 || all > (misses.count > missedBefore ? 2 : 1)
          ? `${all} orders`
          : answers.size > 0
            ? 'a token is left'
            : await whatIsWrong(folder, name)
    if (problem !== undefined) wrong.push(`${point.moment} ${point.number} (${diedAt}): ${problem}`)
  }
  t.same(wrong, [])
  t.equal(runs, points.length)
  t.equal(orders.count, runs + 1 + failed)
  t.ok(failed <= 4, `${failed} orders failed, since the CA looked while nobody answered`)
  t.ok(runs >= (5 / 3) * changes - 1 + 2 * posts, `${runs} runs`)
  t.ok(resumed > runs / 4, `${resumed} went on with the order`)
  t.comment(`${changes} changes and ${posts} requests, ${runs} crashes, ${orders.count} orders, ${resumed} resumed`)
})

/** How often the CA looked for a token and found none. */
function countMisses(answers: Map<string, string>): { count: number } {
  const counter = { count: 0 }
  const get = answers.get.bind(answers)
  answers.get = (token) => {
    const answer = get(token)
    if (answer === undefined) counter.count++
    return answer
  }
  return counter
}

function changePoints(changes: number): CrashPoint[] {
  const moments = ['before', 'half', 'after'] as const
  return Array.from({ length: changes }, (_, i) => i + 1).flatMap((number) => {
    if (isFullRun) return moments.map((moment) => ({ number, moment }))
    return [...new Set([moments[number % 3] ?? 'half', 'before' as const])].map((moment) => ({ number, moment }))
  })
}

function postPoints(posts: number): CrashPoint[] {
  const moments = ['unsent', 'answered'] as const
  return moments.flatMap((moment) => Array.from({ length: posts }, (_, i) => ({ number: i + 1, moment })))
}

async function hasJournal(folder: string, name: string): Promise<boolean> {
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  return (await store.read(`orders/${name}.json`)) !== undefined
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
