import { Command } from 'commander'
import { parseCertificateNames } from '../acme/certificate-names.ts'
import { type IssueOptions, issueCertificate } from '../acme/issue-certificate.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { openStore } from '../store/open-store.ts'
import { withDiagnosis } from './diagnosis.ts'
import { addDiagnosisOptions, type DiagnosisFlags } from './diagnosis-options.ts'
import { watchInterruption } from './interruption.ts'
import type { Via } from './issue-text.ts'
import { chooseIssueView, type IssueView } from './issue-view.ts'
import { openPublisher } from './open-publisher.ts'
import { configOption, jsonOption } from './options.ts'
import { requireAcme } from './require-acme.ts'

interface Flags extends DiagnosisFlags {
  readonly config: string
  readonly json: boolean
  readonly timeout: number
}

const maxTimeoutS = 86_400

/** `acme-edge issue`: one certificate for the names given, through the running edge or on listeners of its own. */
export function issueCommand(): Command {
  const command = new Command('issue')
    .description('Get a certificate over HTTP-01 and install it; a running edge serves it at once.')
    .argument('<domain...>', 'host names of the certificate; the first one names its folder')
    .addOption(configOption())
    .option('--timeout <seconds>', 'give up after this time', parseSeconds, 180)
    .addOption(jsonOption())
    .action((domains: string[], flags: Flags) => {
      const order = () => issue(domains, flags)
      return flags.diagnose ? withDiagnosis(domains, flags, order) : order()
    })
  return addDiagnosisOptions(command)
}

async function issue(domains: readonly string[], flags: Flags): Promise<void> {
  const names = parseCertificateNames(domains)
  const config = await loadConfig(flags.config)
  const acme = requireAcme(config)
  const opened = await openStore(config.store, createLog('warn'))
  const { store, folder: certificateFolder } = opened
  const view = await chooseIssueView({ names, json: flags.json, terminal: isWatched(process.stdout) })
  const answering = await openPublisher(config, opened)
  const interruption = watchInterruption()
  const { signal } = interruption
  const { publisher } = answering
  const options = { names, acme, store, certificateFolder, publisher, signal, timeoutMs: flags.timeout * 1000 }
  try {
    await run(options, { view, via: answering.via })
  } finally {
    interruption.end()
    await answering.close()
    opened.close()
  }
}

async function run(options: IssueOptions, shown: { readonly view: IssueView; readonly via: Via }): Promise<void> {
  const { view, via } = shown
  view.begin(via)
  const issued = issueCertificate({ ...options, onProgress: view.onProgress })
  await view.end(issued)
}

/** Somebody watches; a terminal of no width (a build's, a recorder's) gets lines, since nothing can be drawn on it. */
function isWatched({ isTTY, columns }: { isTTY?: boolean; columns?: number }): boolean {
  return isTTY === true && (columns ?? 0) >= 20
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,5}$/.test(text) && seconds >= 1 && seconds <= maxTimeoutS) return seconds
  throw new EdgeError(
    'ACME_EDGE_USAGE',
    `--timeout takes whole seconds from 1 to ${maxTimeoutS}, not ${text.slice(0, 40)}`,
  )
}
