import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Command } from 'commander'
import { certificateAuthorities } from '../acme/certificate-authorities.ts'
import { type RevocationReason, type RevocationResult, revocationReasons, revokeCertificate } from '../acme/revoke.ts'
import type { EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { authorityOf, readRenewalRecord } from '../manage/renewal-record.ts'
import { wantedCertificates } from '../manage/wanted-certificates.ts'
import { certificateVersions, leafNames, listCertificates } from '../store/certificates.ts'
import { openStore } from '../store/open-store.ts'
import { noteRevocation } from '../store/revocations.ts'
import { announceRevoked } from '../store/revoked-names.ts'
import { type AuthoritySession, withAuthority } from './authority-session.ts'
import { readCertificates, readPrivateKey } from './certificate-files.ts'
import { authorityOption } from './choose-authority.ts'
import { configOption, jsonOption } from './options.ts'
import { tellRunningEdge } from './tell-running-edge.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
  readonly ca?: string
  readonly reason: RevocationReason
  readonly serial?: string
  readonly cert?: string
  readonly key?: string
}

/** `acme-edge revoke`: of the store, or any certificate whose key one has. */
export function revokeCommand(): Command {
  return new Command('revoke')
    .summary('revoke a certificate')
    .description('Revoke a certificate at the CA. A certificate of the config is replaced at once by a running edge.')
    .argument('[name]', 'first name of the certificate, as `acme-edge list` shows it')
    .requiredOption('--reason <reason>', Object.keys(revocationReasons).join(', '), parseReason)
    .option('--serial <hex>', 'an earlier certificate of this name, by its serial number', parseSerial)
    .option('--cert <file>', 'a certificate that is not in the store (PEM or DER)')
    .option('--key <file>', "with --cert: the certificate's own private key, which needs no account")
    .addOption(configOption())
    .addOption(authorityOption())
    .addOption(jsonOption())
    .action(revoke)
}

/** What is revoked, and in whose name. */
interface Chosen {
  readonly leaf: X509Certificate
  readonly keyPem: string | undefined
  /** The CA that it is known to be from. */
  readonly directory: string | undefined
}

async function revoke(name: string | undefined, flags: Flags): Promise<void> {
  if ((name === undefined) === (flags.cert === undefined))
    throw usage('name a certificate of the store, or give a file with --cert: one of both')
  if (flags.key !== undefined && flags.cert === undefined) throw usage('--key goes with --cert')
  if (flags.serial !== undefined && name === undefined) throw usage('--serial goes with a name')
  const chosen = name === undefined ? await chooseFile(flags) : await chooseStored(name, flags)
  const ca = flags.ca ?? chosen.directory
  await withAuthority({ ...flags, ...(ca === undefined ? {} : { ca }) }, (session) =>
    revokeChosen(chosen, flags, session),
  )
}

async function revokeChosen({ leaf, keyPem }: Chosen, flags: Flags, session: AuthoritySession): Promise<void> {
  const { reason } = flags
  const { store, signal, acme } = session
  const note = () => noteRevocation(store, leaf, { reason, atMs: Date.now() })
  // Whatever the CA says: others have the key, so that the certificate has to go.
  if (reason === 'keyCompromise') await note()
  const result = await revokeCertificate(session, { leaf, reason, keyPem }, signal)
  if (reason !== 'keyCompromise') await note()
  const replacement = await replace(leaf, session)
  const serial = leaf.serialNumber.toLowerCase()
  const outcome = { ok: true, result, ca: acme.directory, serial, names: leafNames(leaf), reason, replacement }
  process.stdout.write(`${flags.json ? JSON.stringify(outcome) : toText(outcome)}\n`)
}

/**
 * `running edge`, `other edge`: that of this machine, or those of others, get another one now; `next run`: the edge will when
 * it runs; `none`: nobody looks after it.
 */
type Replacement = 'running edge' | 'other edge' | 'next run' | 'none'

async function replace(leaf: X509Certificate, { config, opened }: AuthoritySession): Promise<Replacement> {
  const serial = leaf.serialNumber.toLowerCase()
  const stored = await listCertificates(opened.folder)
  const served = stored.find((one) => !('error' in one) && one.serial === serial)
  if (served === undefined) return 'none'
  const isRunning = await tellRunningEdge(opened.folder, served.name)
  const others = opened.shared === undefined ? 0 : await announceRevoked(opened.shared.redis, served.name)
  if (!wantedCertificates(config.acme).some(({ name }) => name === served.name)) return 'none'
  if (isRunning) return 'running edge'
  return others > 0 ? 'other edge' : 'next run'
}

interface Outcome {
  readonly result: RevocationResult
  readonly serial: string
  readonly names: readonly string[]
  readonly reason: string
  readonly replacement: Replacement
}

function toText({ result, serial, names, reason, replacement }: Outcome): string {
  const what = `certificate ${serial} for ${names.join(', ')}`
  const done =
    result === 'already' ? `${what} was revoked before; nothing was left to do` : `${what} revoked: ${reason}`
  return `${done}${replacementTexts[replacement]}`
}

const replacementTexts: Readonly<Record<Replacement, string>> = {
  'running edge': '\nthe running edge gets another one now',
  'other edge': '\nthe edges of other machines get another one now',
  'next run': '\nno edge runs with this store: `acme-edge renew` or the next `acme-edge run` gets another one',
  none: '',
}

async function chooseFile({ cert = '', key }: Flags): Promise<Chosen> {
  const leaf = new X509Certificate((await readCertificates(cert))[0] ?? '') // there is at least one
  const keyPem = key === undefined ? undefined : await readPrivateKey(key)
  if (keyPem !== undefined && !isKeyOf(leaf, keyPem))
    throw new EdgeError('ACME_EDGE_CERTIFICATE_UNFIT', `the key in ${key} is not that of the certificate in ${cert}`)
  return { leaf, keyPem, directory: undefined }
}

/** The certificate that is served under the name, or an earlier one by its serial. */
async function chooseStored(name: string, { config: path, serial, ca }: Flags): Promise<Chosen> {
  const config = await loadConfig(path)
  const opened = await openStore(config.store, createLog('warn'))
  try {
    const versions = await certificateVersions(opened.folder, name)
    const found = serial === undefined ? versions[0] : versions.find((one) => withoutZeros(one.serial) === serial)
    if (found === undefined)
      throw usage(
        notFound(
          name,
          versions.map((one) => one.serial),
          serial,
        ),
      )
    const leaf = new X509Certificate(found.fullChainPem)
    // What an earlier one was not noted with is not known: the last renewal may have been at another CA.
    const record = found === versions[0] ? await readRenewalRecord(opened.store, name) : { directory: undefined }
    const directory = authorityOf(found, record)
    if (directory !== undefined && ca === undefined) checkIsConfigured(directory, config)
    return { leaf, keyPem: undefined, directory }
  } finally {
    opened.close()
  }
}

/** Any other CA would refuse what it does not know. */
function checkIsConfigured(directory: string, { acme, file }: EdgeConfig): void {
  const known = acme === undefined ? [] : certificateAuthorities(acme)
  if (acme === undefined || known.some((one) => one.directory === directory)) return
  const advice = 'name it there (acme.fallback), or say with --ca which one is to be asked'
  throw usage(`the certificate is from ${directory}, which is no CA of ${file}: ${advice}`)
}

function notFound(name: string, serials: readonly string[], serial: string | undefined): string {
  if (serial === undefined || serials.length === 0) return `there is no certificate ${name}: see \`acme-edge list\``
  return `no certificate ${name} has the serial ${serial}; those that are kept: ${serials.join(', ')}`
}

function isKeyOf(leaf: X509Certificate, keyPem: string): boolean {
  return leaf.checkPrivateKey(createPrivateKey(keyPem))
}

function parseReason(text: string): RevocationReason {
  const reasons = Object.keys(revocationReasons) as RevocationReason[] // the table's own keys
  const reason = reasons.find((one) => one.toLowerCase() === text.toLowerCase())
  if (reason !== undefined) return reason
  throw usage(`--reason is one of ${reasons.join(', ')}, not ${JSON.stringify(text.slice(0, 40))}`)
}

/** As certificates print it: with colons, in capitals, with a 00 before it. */
function parseSerial(text: string): string {
  const serial = text.replace(/^0x|[:\s]/gi, '').toLowerCase()
  if (/^[0-9a-f]{1,64}$/.test(serial)) return withoutZeros(serial)
  throw usage(`--serial is a number in hex, not ${JSON.stringify(text.slice(0, 80))}`)
}

const withoutZeros = (serial: string): string => serial.replace(/^0+(?=.)/, '')

const usage = (message: string): EdgeError => new EdgeError('ACME_EDGE_USAGE', message)
