import { Command } from 'commander'
import { parseCertificateNames } from '../acme/certificate-names.ts'
import { type IssueOptions, issueCertificate } from '../acme/issue-certificate.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig, EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { connectControl } from '../control/client.ts'
import { openStandalone } from '../edge/standalone.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { openStore } from '../store/open-store.ts'
import { PersistentCollections } from '../waf/persistent/persistent-collections.ts'
import { buildServices } from './edge-services.ts'
import type { Via } from './issue-text.ts'
import { chooseIssueView, type IssueView } from './issue-view.ts'
import { configOption, jsonOption } from './options.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
  readonly timeout: number
}

const maxTimeoutS = 86_400

/** `acme-edge issue`: one certificate for the names given, through the running edge or on listeners of its own. */
export function issueCommand(): Command {
  return new Command('issue')
    .description('Get a certificate over HTTP-01 and install it; a running edge serves it at once.')
    .argument('<domain...>', 'host names of the certificate; the first one names its folder')
    .addOption(configOption())
    .option('--timeout <seconds>', 'give up after this time', parseSeconds, 180)
    .addOption(jsonOption())
    .action((domains: string[], flags: Flags) => issue(domains, flags))
}

async function issue(domains: readonly string[], flags: Flags): Promise<void> {
  const names = parseCertificateNames(domains)
  const config = await loadConfig(flags.config)
  const acme = requireAcme(config)
  const { store, folder: certificateFolder, close } = await openStore(config.store, createLog('warn'))
  const view = await chooseIssueView({ names, json: flags.json, terminal: isWatched(process.stdout) })
  const answering = await openPublisher(config, certificateFolder)
  const interruption = watchInterruption()
  const { signal } = interruption
  const { publisher } = answering
  const options = { names, acme, store, certificateFolder, publisher, signal, timeoutMs: flags.timeout * 1000 }
  try {
    await run(options, { view, via: answering.via })
  } finally {
    interruption.end()
    await answering.close()
    close()
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

interface Answering {
  readonly publisher: ChallengePublisher
  readonly via: Via
  close(): void | Promise<void>
}

async function openPublisher(config: EdgeConfig, folder: string): Promise<Answering> {
  const control = await connectControl(folder)
  if (control) return { publisher: control, via: 'running edge', close: () => control.close() }
  // Standard output is the command's own: access records would stand between its lines.
  const log = config.log.access === 'stdout' ? ({ access: 'off' } as const) : config.log
  const quiet = { ...config, log }
  const { services } = buildServices(quiet, createLog('warn'), new PersistentCollections())
  const standalone = await openStandalone(quiet, services)
  return { publisher: standalone.publisher, via: 'own listener', close: () => standalone.close() }
}

/** The first Ctrl-C withdraws the challenge and leaves in order; the second one ends the process as usual. */
function watchInterruption(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, abort)
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of signals) process.removeListener(signal, abort)
    },
  }
}

function requireAcme(config: EdgeConfig): AcmeConfig {
  if (config.acme) return config.acme
  const message = `${config.file} has no acme section: add acme.directory, the address of the CA's ACME directory`
  throw new EdgeError('ACME_EDGE_ACME_NOT_CONFIGURED', message)
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (/^\d{1,5}$/.test(text) && seconds >= 1 && seconds <= maxTimeoutS) return seconds
  throw new EdgeError(
    'ACME_EDGE_USAGE',
    `--timeout takes whole seconds from 1 to ${maxTimeoutS}, not ${text.slice(0, 40)}`,
  )
}
