import { Command, Option } from 'commander'
import { folderNameOf, parseCertificateNames } from '../acme/certificate-names.ts'
import type { CertificateWish } from '../acme/certificate-wish.ts'
import type { IssueOptions } from '../acme/issue-certificate.ts'
import { issueWithinBudget } from '../acme/issue-within-budget.ts'
import { rehearse } from '../acme/rehearse.ts'
import type { EdgeConfig } from '../config/config.ts'
import { type KeyType, keyTypes } from '../config/key-types.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { loadCertificate } from '../store/certificates.ts'
import { type OpenedStore, openStore } from '../store/open-store.ts'
import { authorityOption, chooseAuthority } from './choose-authority.ts'
import { withDiagnosis } from './diagnosis.ts'
import { addDiagnosisOptions, type DiagnosisFlags } from './diagnosis-options.ts'
import { watchInterruption } from './interruption.ts'
import { issueRequest } from './issue-request.ts'
import { chooseIssueView, type IssueView } from './issue-view.ts'
import { openPublisher } from './open-publisher.ts'
import { configOption, jsonOption } from './options.ts'
import { requireAcme } from './require-acme.ts'

interface Flags extends DiagnosisFlags {
  readonly config: string
  readonly json: boolean
  readonly timeout: number
  readonly profile?: string
  readonly keyType?: KeyType
  readonly preferredChain?: string
  readonly dryRun: boolean
  readonly csr?: string
  readonly out?: string
}

const maxTimeoutS = 86_400

/** `acme-edge issue`: one certificate for the names given, through the running edge or on listeners of its own. */
export function issueCommand(): Command {
  const command = new Command('issue')
    .description('Get a certificate over HTTP-01 and install it; a running edge serves it at once.')
    .argument('[domain...]', 'host names and addresses of the certificate; the first one names its folder')
    .addOption(configOption())
    .addOption(authorityOption())
    .option('--profile <name>', 'a profile that the CA offers, such as tlsserver or shortlived')
    .addOption(new Option('--key-type <type>', 'kind of the key').choices(keyTypes))
    .option('--preferred-chain <issuer>', 'common name of the issuer at the end of the chain')
    .option('--csr <file>', 'a signing request, PEM or DER: its names, and its key stays where it is')
    .option('--out <folder>', 'where the certificate for --csr is written to')
    .option('--dry-run', 'order from acme.staging and install nothing', false)
    .option('--timeout <seconds>', 'give up after this time', parseSeconds, 180)
    .addOption(jsonOption())
    .action((domains: string[], flags: Flags) => {
      checkCombination(domains, flags)
      const { csr } = flags
      if (csr !== undefined) return issueRequest({ ...flags, csr })
      const order = () => issue(domains, flags)
      return flags.diagnose ? withDiagnosis(domains, flags, order) : order()
    })
  return addDiagnosisOptions(command)
}

function checkCombination(domains: readonly string[], flags: Flags): void {
  const { csr, out } = flags
  if (csr === undefined && out !== undefined) throw new EdgeError('ACME_EDGE_USAGE', '--out belongs to --csr')
  if (csr === undefined && domains.length === 0)
    throw new EdgeError('ACME_EDGE_USAGE', "missing required argument 'domain'")
  if (csr !== undefined && domains.length > 0)
    throw new EdgeError('ACME_EDGE_USAGE', 'with --csr the names are those of the request: name no others')
  if (csr !== undefined && (flags.dryRun || flags.diagnose || flags.keyType !== undefined))
    throw new EdgeError('ACME_EDGE_USAGE', '--csr goes neither with --dry-run nor with --diagnose or --key-type')
}

async function issue(domains: readonly string[], flags: Flags): Promise<void> {
  const names = parseCertificateNames(domains)
  const config = await loadConfig(flags.config)
  const acme = chooseAuthority(requireAcme(config), flags.ca)
  const opened = await openStore(config.store, createLog('warn'))
  try {
    const view = await chooseIssueView({ names, json: flags.json, terminal: isWatched(process.stdout) })
    const { defaults } = acme
    const wish = {
      names,
      profile: flags.profile ?? defaults?.profile,
      keyType: flags.keyType ?? defaults?.keyType,
      preferredChain: flags.preferredChain ?? defaults?.preferredChain,
    }
    const order = { ...wish, acme, timeoutMs: flags.timeout * 1000, now: Date.now }
    await (flags.dryRun ? rehearseOrder(order, { config, opened, view }) : run(order, { config, opened, view }))
  } finally {
    opened.close()
  }
}

type Order = CertificateWish & Pick<IssueOptions, 'acme' | 'timeoutMs'> & { readonly now: () => number }

interface Surroundings {
  readonly config: EdgeConfig
  readonly opened: OpenedStore
  readonly view: IssueView
}

async function run(order: Order, { config, opened, view }: Surroundings): Promise<void> {
  const answering = await openPublisher(config, opened)
  const interruption = watchInterruption()
  const { signal } = interruption
  const { publisher } = answering
  try {
    view.begin(answering.via)
    const { store, folder: certificateFolder } = opened
    const options = { ...order, store, certificateFolder, publisher, signal, onProgress: view.onProgress }
    const known = await loadCertificate(certificateFolder, folderNameOf(order.names)).catch(() => undefined) // broken: none
    await view.end(issueWithinBudget(options, { isRenewal: known !== undefined, viaAri: false }))
  } finally {
    interruption.end()
    await answering.close()
  }
}

/** The whole way, from another directory of the CA, into a folder that goes when it is over. */
async function rehearseOrder(order: Order, { config, opened, view }: Surroundings): Promise<void> {
  const { staging } = order.acme
  if (staging === undefined) {
    const message = `--dry-run orders from acme.staging, which ${config.file} does not name: add the CA's directory for tests`
    throw new EdgeError('ACME_EDGE_ACME_NOT_CONFIGURED', message)
  }
  const answering = await openPublisher(config, opened)
  const interruption = watchInterruption()
  try {
    view.begin(answering.via)
    const { publisher } = answering
    const { signal } = interruption
    const { store } = opened
    const issued = rehearse({ ...order, staging, store, publisher, signal, onProgress: view.onProgress })
    await view.end(issued, { dryRun: true })
  } finally {
    interruption.end()
    await answering.close()
  }
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
