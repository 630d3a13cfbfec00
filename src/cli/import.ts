import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Command } from 'commander'
import { freshRenewalState } from '../acme/renewal/renewal-state.ts'
import type { EdgeConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import { imported, readRenewalRecord, renewalLock, writeRenewalRecord } from '../manage/renewal-record.ts'
import { wantedCertificates } from '../manage/wanted-certificates.ts'
import { installCertificate, leafNames, type StoredCertificate } from '../store/certificates.ts'
import { type OpenedStore, openStore } from '../store/open-store.ts'
import { isCompromised } from '../store/revocations.ts'
import { obtainPassword } from './ask-password.ts'
import { readCertificates, readGivenFile, readPassword, readPrivateKey } from './certificate-files.ts'
import { certificateText, describeCertificate } from './describe-certificate.ts'
import { assembleCertificate, type GivenCertificate, type GivenParts } from './given-certificate.ts'
import { configOption, jsonOption } from './options.ts'
import { tellRunningEdge } from './tell-running-edge.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
  readonly cert?: string
  readonly key?: string
  readonly chain?: string
  readonly pfx?: string
  readonly passwordFile?: string
}

const lockMs = 30_000

/** `acme-edge import`: a certificate from elsewhere, served like one of ours. */
export function importCommand(): Command {
  return new Command('import')
    .summary('install a certificate from elsewhere: PEM files or PKCS#12')
    .description('Install a certificate from elsewhere; a running edge serves it at once.')
    .option('--cert <file>', 'the certificate, PEM (its chain may follow it) or DER')
    .option('--key <file>', 'its private key, PEM')
    .option('--chain <file>', 'the intermediates, PEM')
    .option('--pfx <file>', 'certificate, key and chain as PKCS#12')
    .option('--password-file <file>', 'the password of the PKCS#12 file or of the key')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(importCertificate)
}

async function importCertificate(flags: Flags): Promise<void> {
  checkFlags(flags)
  const config = await loadConfig(flags.config)
  const parts = flags.pfx === undefined ? await readPemParts(flags) : await readPfxParts(flags.pfx, flags)
  const given = assembleCertificate(parts, Date.now())
  // A PKCS#12 file may hold whatever its maker had; what is given as the chain is meant to be it.
  if (flags.chain !== undefined && given.unused.length > 0)
    throw unfit(`${flags.chain} holds what is no part of its chain: ${given.unused.join('; ')}`)
  const opened = await openStore(config.store, createLog('warn'))
  try {
    const { certificate, managed } = await install(given, config, opened)
    const served = await serve(certificate.name, opened)
    print({ certificate, managed, served }, flags, opened.folder)
  } finally {
    opened.close()
  }
}

function checkFlags({ cert, key, chain, pfx }: Flags): void {
  const isPem = cert !== undefined || key !== undefined || chain !== undefined
  if (isPem === (pfx !== undefined)) throw usage('give --cert and --key, or --pfx: one of both')
  if (isPem && (cert === undefined || key === undefined)) throw usage('give both --cert and --key')
}

async function readPemParts({ cert = '', key = '', chain, passwordFile }: Flags): Promise<GivenParts> {
  const password = passwordFile === undefined ? undefined : await readPassword(passwordFile)
  const certificates = await readCertificates(cert)
  const others = chain === undefined ? [] : await readCertificates(chain)
  return { privateKeyPem: await readPrivateKey(key, password), certificates: [...certificates, ...others] }
}

async function readPfxParts(path: string, { passwordFile }: Flags): Promise<GivenParts> {
  const bytes = await readGivenFile(path)
  const password = await obtainPassword(passwordFile, { twice: false })
  const { readPfx } = await import('../pkcs12/read-pfx.ts')
  const read = await readPfx(bytes, password).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('ACME_EDGE_CERTIFICATE_UNREADABLE', `${path} cannot be used: ${why}`, { cause })
  })
  const [privateKey, ...otherKeys] = read.privateKeys
  if (privateKey === undefined) throw unfit(`${path} holds no private key`)
  if (otherKeys.length > 0) throw unfit(`${path} holds ${read.privateKeys.length} private keys: export them one by one`)
  try {
    const key = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' })
    return {
      privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      certificates: read.certificates.map((der) => new X509Certificate(der).toString()),
    }
  } catch (cause) {
    throw new EdgeError('ACME_EDGE_CERTIFICATE_UNREADABLE', `${path} holds a key or certificate that is damaged`, {
      cause,
    })
  }
}

interface Installed {
  readonly certificate: StoredCertificate
  readonly managed: boolean
}

async function install(
  given: GivenCertificate,
  config: EdgeConfig,
  { store, folder }: OpenedStore,
): Promise<Installed> {
  const { leaf, fullChainPem, privateKeyPem } = given
  if (await isCompromised(store, leaf)) throw unfit('its key was given away: it was revoked with keyCompromise')
  const { name, managed } = chooseName(leaf, config)
  const signal = AbortSignal.timeout(lockMs)
  const lock = await store.lock(renewalLock(name), signal)
  try {
    const order = await store.lock(`orders/${name}`, signal) // as every installation
    try {
      const certificate = await installCertificate(folder, { name, fullChainPem, privateKeyPem }, order)
      await forgetAuthority(store, name)
      return { certificate, managed }
    } finally {
      await order.release()
    }
  } finally {
    await lock.release()
  }
}

/** Under the config's name where it is one of the config's, so that it is renewed as such; else under its own. */
function chooseName(leaf: X509Certificate, config: EdgeConfig): { readonly name: string; readonly managed: boolean } {
  const names = leafNames(leaf)
  const wanted = wantedCertificates(config.acme).find((one) => one.names.every((name) => names.includes(name)))
  if (wanted !== undefined) return { name: wanted.name, managed: true }
  const [first] = names
  if (first === undefined) throw unfit('it has no name (subject alternative name) that a client could ask for')
  const common = /^CN=(.*)$/m.exec(leaf.subject)?.[1]?.toLowerCase()
  const name = common !== undefined && names.includes(common) ? common : first
  return { name: name.replaceAll(':', '_'), managed: false }
}

/** No CA of ours gave it: none is asked when to renew it, or told that an order replaces it. */
async function forgetAuthority(store: OpenedStore['store'], name: string): Promise<void> {
  const record = await readRenewalRecord(store, name)
  const { failures, lastAttemptMs } = record.state
  const state = { ...freshRenewalState, failures, lastAttemptMs }
  await writeRenewalRecord(store, { name, record: { state, directory: imported } })
}

/** With a store that machines share the running edge hands it on; where none runs here it is handed on from here. */
async function serve(name: string, { folder, shared }: OpenedStore): Promise<boolean> {
  if (await tellRunningEdge(folder, name)) return true
  await shared?.certificates.push(name)
  return false
}

function print(
  { certificate, managed, served }: Installed & { served: boolean },
  { json }: Flags,
  folder: string,
): void {
  const description = describeCertificate(certificate, folder)
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: true, served, managed, certificate: description })}\n`)
    return
  }
  const notes = [
    ['served', served ? 'by the running edge' : 'when an edge runs with this store'],
    [
      'renewed',
      managed ? 'by the edge, since it is in acme.certificates' : 'by nobody: it is not in acme.certificates',
    ],
  ] as const
  process.stdout.write(`imported\n${certificateText(description, notes)}\n`)
}

const usage = (message: string): EdgeError => new EdgeError('ACME_EDGE_USAGE', message)

function unfit(why: string): EdgeError {
  return new EdgeError('ACME_EDGE_CERTIFICATE_UNFIT', `the certificate cannot be imported: ${why}`)
}
