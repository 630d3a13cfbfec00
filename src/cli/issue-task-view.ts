import { Listr } from 'listr2'
import type { Progress } from '../acme/progress.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import { describeProgress, describeVia } from './issue-text.ts'
import type { IssueView } from './issue-view.ts'

/** One line a step that a person can watch: account, order, each host, the certificate. */
export function createTaskView(names: readonly string[]): IssueView {
  const hosts = names.map((name) => createStep(`prove ${name}`, (event) => isProofOf(event, name)))
  const steps = [
    createStep('account', (event) => event.kind === 'account'),
    createStep('order', (event) => event.kind === 'order'),
    ...hosts,
    createStep('certificate', (event) => event.kind === 'installed'),
  ]
  return {
    begin: (via) => void process.stdout.write(`${describeVia(via)}\n`),
    onProgress(progress) {
      for (const step of steps) step.see(progress)
    },
    async end(issued, { dryRun } = { dryRun: false }) {
      issued.then(() => settle(steps), fail(steps))
      // Its own outcome is that of `issued`, which is awaited below.
      await createList(steps)
        .run()
        .catch(() => undefined)
      const certificate = await issued
      if (dryRun) process.stdout.write('dry run: all went well, and nothing was installed\n')
      else showFolder(certificate)
    },
  }
}

interface Step {
  readonly title: string
  readonly done: PromiseWithResolvers<string>
  see(progress: Progress): void
}

function createStep(title: string, isEnd: (progress: Progress) => boolean): Step {
  const done = Promise.withResolvers<string>()
  // Steps behind a failed one are never begun, and nobody else waits for them.
  done.promise.catch(() => undefined)
  return {
    title,
    done,
    see(progress) {
      if (isEnd(progress)) done.resolve(describeProgress(progress))
    },
  }
}

function createList(steps: readonly Step[]) {
  return new Listr(
    steps.map(({ title, done }) => ({
      title,
      task: async (_context: unknown, task: { title: string | undefined }) => {
        task.title = await done.promise
      },
    })),
    { rendererOptions: { showErrorMessage: false, collapseErrors: false } },
  )
}

/** A resumed issuance skips steps: whatever is left is done when the whole is. */
function settle(steps: readonly Step[]): void {
  for (const step of steps) step.done.resolve(`${step.title}: done before`)
}

function fail(steps: readonly Step[]): (error: unknown) => void {
  return (error) => {
    for (const step of steps) step.done.reject(error)
  }
}

function isProofOf(event: Progress, name: string): boolean {
  return event.kind === 'authorization' && event.state === 'valid' && event.host === name
}

function showFolder({ name, names }: StoredCertificate): void {
  process.stdout.write(`live/${name}: ${names.join(', ')}\n`)
}
