import { Command } from 'commander'
import { parseCertificateNames } from '../acme/certificate-names.ts'
import type { AcmeConfig, EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { configuredAuthorities } from '../manage/authorities.ts'
import { Lanes } from '../manage/lanes.ts'
import { ManagedCertificate } from '../manage/managed-certificate.ts'
import { type WantedCertificate, wantedCertificates } from '../manage/wanted-certificates.ts'
import { loadCertificate } from '../store/certificates.ts'
import { type OpenedStore, openStore } from '../store/open-store.ts'
import { authorityOption, chooseAuthority } from './choose-authority.ts'
import { watchInterruption } from './interruption.ts'
import { openPublisher } from './open-publisher.ts'
import { configOption, jsonOption } from './options.ts'
import { ReportedFailure } from './reported-failure.ts'
import { requireAcme } from './require-acme.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
  readonly ca?: string
  readonly all: boolean
  readonly force: boolean
}

/** `acme-edge renew`: what `run` does by itself, once and now. */
export function renewCommand(): Command {
  return new Command('renew')
    .summary('renew certificates that are due')
    .description('Renew certificates that are due; a running edge does so by itself.')
    .argument('[name...]', 'first names of certificates, as `acme-edge list` shows them')
    .option('--all', 'every certificate of the config', false)
    .option('--force', 'also those that are not due; each counts against the limits of the CA', false)
    .addOption(configOption())
    .addOption(authorityOption())
    .addOption(jsonOption())
    .action((names: string[], flags: Flags) => renew(names, flags))
}

async function renew(names: readonly string[], flags: Flags): Promise<void> {
  if ((names.length === 0) !== flags.all) {
    throw new EdgeError('ACME_EDGE_USAGE', 'name the certificates to renew, or say --all: one of both')
  }
  const config = await loadConfig(flags.config)
  const opened = await openStore(config.store, createLog('warn'))
  try {
    await renewAll(names, { flags, config, opened })
  } finally {
    opened.close()
  }
}

interface Renewing {
  readonly flags: Flags
  readonly config: EdgeConfig
  readonly opened: OpenedStore
}

async function renewAll(names: readonly string[], { flags, config, opened }: Renewing): Promise<void> {
  const acme = chooseAuthority(requireAcme(config), flags.ca)
  const { store, folder, refresh } = opened
  const wanted = flags.all ? wantedCertificates(acme) : await named(names, acme, folder)
  const answering = await openPublisher(config, opened)
  const interruption = watchInterruption()
  const now = Date.now
  const authorities = configuredAuthorities({ store, folder, publisher: answering.publisher, now, acme: () => acme })
  const log = createLog('silent') // what is noted of each is printed below
  const parts = { store, folder, refresh, authorities, log, lanes: new Lanes(1), now }
  let failed = 0
  try {
    for (const one of wanted) {
      const outcome = await renewOne(
        new ManagedCertificate(one, parts, { isChanged: true }),
        flags,
        interruption.signal,
      )
      if (outcome.error !== undefined) failed++
      process.stdout.write(`${flags.json ? JSON.stringify(outcome) : toLine(outcome)}\n`)
    }
  } finally {
    interruption.end()
    await answering.close()
  }
  if (failed > 0) throw new ReportedFailure()
}

interface Outcome {
  readonly name: string
  readonly result: 'renewed' | 'not due' | 'failed'
  readonly notAfter: string | undefined
  /** When it is due. */
  readonly next: string
  readonly error?: { readonly code: string; readonly message: string; readonly details: object }
}

async function renewOne(certificate: ManagedCertificate, { force }: Flags, signal: AbortSignal): Promise<Outcome> {
  const outcome = (result: Outcome['result']) => {
    const { name, notAfterMs, nextAttemptMs } = certificate.status
    const notAfter = notAfterMs === undefined ? undefined : new Date(notAfterMs).toISOString()
    return { name, result, notAfter, next: new Date(nextAttemptMs).toISOString() }
  }
  try {
    const result = await certificate.renewNow({ force }, signal)
    await certificate.look()
    return outcome(result)
  } catch (error) {
    if (signal.aborted) throw error
    await certificate.look()
    const { code, message, details } = toEdgeError(error)
    return { ...outcome('failed'), error: { code, message, details } }
  }
}

function toLine({ name, result, notAfter, next, error }: Outcome): string {
  if (error !== undefined) return `${name}  failed: ${error.message} (${error.code})`
  return `${name}  ${result}, valid until ${notAfter?.slice(0, 10)}, due ${next.slice(0, 10)}`
}

/** Those of the config by their first name; another certificate of the store with the names that it has. */
async function named(names: readonly string[], acme: AcmeConfig, folder: string): Promise<WantedCertificate[]> {
  const configured = new Map(wantedCertificates(acme).map((one) => [one.name, one]))
  const found: WantedCertificate[] = []
  for (const name of names) {
    const known = configured.get(name) ?? (await loadCertificate(folder, name))
    if (known === undefined)
      throw new EdgeError(
        'ACME_EDGE_USAGE',
        `there is no certificate ${name}: see \`acme-edge list\`, or \`acme-edge issue\``,
      )
    found.push('serial' in known ? { ...acme.defaults, name, names: parseCertificateNames(known.names) } : known)
  }
  return found
}
