import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FileHandle } from 'node:fs/promises'
import { watchFiles } from './crashing-files.ts'

/** Where a process dies: at its n-th change of a file, or at its n-th POST. */
export type CrashPoint =
  | { readonly number: number; readonly moment: 'before' | 'half' | 'after' }
  | { readonly number: number; readonly moment: 'unsent' | 'answered' }

/** What a run that died, or did not, has done. */
export interface CrashReport {
  readonly changes: number
  readonly posts: number
  /** The change, or the address, at which it died. */
  readonly diedAt: string | undefined
}

export class Crash extends Error {}

/**
 * Lets `work` run until it dies: from then on nothing that it does to files has an effect, and its requests end, as if its process
 * were gone. Works on all users of node:fs/promises and undici in this process, so nothing else may use them meanwhile.
 */
export async function untilCrash(
  point: CrashPoint | undefined,
  work: (died: AbortSignal) => Promise<void>,
): Promise<CrashReport> {
  const death = new AbortController()
  const report = { changes: 0, posts: 0, diedAt: undefined as string | undefined }
  const die = (what: string): Crash => {
    report.diedAt ??= what
    const crash = new Crash(what)
    death.abort(crash)
    return crash
  }
  const alive = () => {
    if (report.diedAt !== undefined) throw new Crash('the process is gone')
  }
  const unwatchFiles = watchFiles({
    read: alive,
    async change(what, all, half) {
      alive()
      report.changes++
      if (report.changes !== point?.number || !['before', 'half', 'after'].includes(point.moment)) return all()
      if (point.moment === 'half') await half?.()
      if (point.moment === 'after') await closeIfFile(await all()) // the system closes the files of a process that is gone
      throw die(what)
    },
  })
  const unwatchPosts = watchPosts({
    sending: (path) => {
      report.posts++
      if (report.posts === point?.number && point.moment === 'unsent') die(path)
      return report.posts
    },
    answered: (number, path) => {
      if (number === point?.number && point.moment === 'answered') die(path)
    },
  })
  try {
    await work(death.signal)
  } catch (error) {
    if (report.diedAt === undefined) throw error
  } finally {
    unwatchFiles()
    unwatchPosts()
  }
  return report
}

interface PostWatch {
  /** Before it is sent; answers with its number. */
  sending(path: string): number
  /** Before the head of the answer is looked at. */
  answered(number: number, path: string): void
}

function watchPosts({ sending, answered }: PostWatch): () => void {
  const numbers = new WeakMap<object, number>()
  type Message = { readonly request: { readonly method: string; readonly path: string } } // undici's
  const onCreate = (message: unknown) => {
    const { request } = message as Message
    if (request.method === 'POST') numbers.set(request, sending(request.path))
  }
  const onHeaders = (message: unknown) => {
    const { request } = message as Message
    const number = numbers.get(request)
    if (number !== undefined) answered(number, request.path)
  }
  subscribe('undici:request:create', onCreate)
  subscribe('undici:request:headers', onHeaders)
  return () => {
    unsubscribe('undici:request:create', onCreate)
    unsubscribe('undici:request:headers', onHeaders)
  }
}

async function closeIfFile(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && 'close' in result) await (result as FileHandle).close()
}
