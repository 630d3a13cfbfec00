import type { OnProgress } from '../acme/progress.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import { dateOf, describeProgress, describeVia, type Via } from './issue-text.ts'

/** How an issuance is shown while it runs. */
export interface IssueView {
  begin(via: Via): void
  readonly onProgress: OnProgress
  /** Shows the outcome; rejects as `issued` does, and leaves the error to whoever prints errors. */
  end(issued: Promise<StoredCertificate>, options?: { readonly dryRun: boolean }): Promise<void>
}

export interface IssueViewOptions {
  readonly names: readonly string[]
  readonly json: boolean
  readonly terminal: boolean
}

/** JSON lines for a machine, tasks for a person at a terminal, plain lines for a log. */
export async function chooseIssueView(options: IssueViewOptions): Promise<IssueView> {
  if (options.json) return jsonView
  if (!options.terminal) return lineView
  // Loaded only where it is seen: it takes longer to load than the rest of the command.
  return (await import('./issue-task-view.ts')).createTaskView(options.names)
}

const lineView: IssueView = {
  begin: (via) => printLine(describeVia(via)),
  onProgress: (progress) => printLine(describeProgress(progress)),
  async end(issued, { dryRun } = { dryRun: false }) {
    await issued
    if (dryRun) printLine('dry run: all went well, and nothing was installed')
  },
}

const jsonView: IssueView = {
  begin: (via) => printLine(JSON.stringify({ event: 'begin', via })),
  onProgress: ({ kind, ...rest }) => printLine(JSON.stringify({ event: kind, ...rest })),
  async end(issued, { dryRun } = { dryRun: false }) {
    const { name, names, serial, notBeforeMs, notAfterMs } = await issued
    const times = { notBefore: dateOf(notBeforeMs), notAfter: dateOf(notAfterMs) }
    printLine(
      JSON.stringify({ ok: true, ...(dryRun ? { dryRun } : {}), certificate: { name, names, serial, ...times } }),
    )
  },
}

function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}
