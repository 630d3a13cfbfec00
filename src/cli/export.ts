import { lstat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import { EdgeError } from '../errors.ts'
import { createLog } from '../log.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import { hasErrno, replaceFile } from '../store/file-store-durable.ts'
import { openStore } from '../store/open-store.ts'
import { obtainPassword } from './ask-password.ts'
import { loadNamed } from './load-named.ts'
import { configOption, jsonOption } from './options.ts'

interface Flags {
  readonly config: string
  readonly json: boolean
  readonly pem?: string
  readonly pfx?: string
  readonly passwordFile?: string
  readonly stdout: boolean
}

/** `acme-edge export`: key and chain in one file, for servers that cannot read the store's folders. */
export function exportCommand(): Command {
  return new Command('export')
    .summary('write key and chain of a certificate to one file')
    .description(
      'Write private key and chain to one file that only its owner may read. A file that is there is replaced.',
    )
    .argument('<name>', 'first name of the certificate, as `acme-edge list` shows it')
    .option('--pem <file>', 'key, certificate and chain as PEM, as HAProxy reads them')
    .option('--pfx <file>', 'PKCS #12, as Windows and Java read it')
    .option('--password-file <file>', 'with --pfx: holds the password, on one line; else the terminal is asked')
    .option('--stdout', 'the PEM to standard output instead of a file, the key with it', false)
    .addOption(configOption())
    .addOption(jsonOption())
    .action(exportCertificate)
}

async function exportCertificate(name: string, flags: Flags): Promise<void> {
  const { pem, pfx, passwordFile, stdout } = flags
  if (stdout) return printPem(name, flags)
  if (pem === undefined && pfx === undefined) throw usage('name a file to write: --pem FILE, --pfx FILE, or both')
  if (pfx === undefined && passwordFile !== undefined) throw usage('--password-file goes with --pfx')
  if (pem !== undefined && pfx !== undefined && resolve(pem) === resolve(pfx))
    throw usage('--pem and --pfx name the same file')
  const certificate = await readStored(name, flags.config)
  const password = pfx === undefined ? '' : await obtainPassword(passwordFile, { twice: true })
  // Both are made and both places looked at before the first is written.
  const files = [
    ...(pem === undefined ? [] : [{ path: pem, bytes: toPem(certificate) }]),
    ...(pfx === undefined ? [] : [{ path: pfx, bytes: await toPfx(certificate, password) }]),
  ]
  for (const { path } of files) await checkPlace(path)
  for (const { path, bytes } of files) await write(path, bytes)
  const { serial, notAfterMs } = certificate
  const written = files.map(({ path }) => path)
  const outcome = { ok: true, name, serial, notAfter: new Date(notAfterMs).toISOString(), files: written }
  const lines = written.map((path) => `${path}: key and chain of ${name}, which ends ${outcome.notAfter.slice(0, 10)}`)
  process.stdout.write(`${flags.json ? JSON.stringify(outcome) : lines.join('\n')}\n`)
}

/** Only when somebody says so: what is printed ends up in scrollbacks and logs. */
async function printPem(name: string, { pem, pfx, passwordFile, json, config }: Flags): Promise<void> {
  if (pem !== undefined || pfx !== undefined || passwordFile !== undefined)
    throw usage('--stdout writes no file: leave out --pem, --pfx and --password-file')
  if (json) throw usage('--stdout prints the PEM itself, so there is no place for --json')
  process.stdout.write(toPem(await readStored(name, config)))
}

async function readStored(name: string, configFile: string): Promise<StoredCertificate> {
  const config = await loadConfig(configFile)
  const opened = await openStore(config.store, createLog('warn'))
  try {
    return await loadNamed(opened.folder, name)
  } finally {
    opened.close()
  }
}

const toPem = ({ privateKeyPem, fullChainPem }: StoredCertificate): string =>
  [privateKeyPem, fullChainPem].map((pem) => `${pem.trim()}\n`).join('')

async function toPfx(certificate: StoredCertificate, password: string): Promise<Buffer> {
  const { toPkcs12 } = await import('./pkcs12.ts') // a hundred modules that --pem has no use for
  return toPkcs12(certificate, { name: certificate.name, password })
}

/** A file is replaced by a new one; what is none (a folder, a device, a link to somewhere else) must not be. */
async function checkPlace(path: string): Promise<void> {
  const found = await lstat(path).catch((cause: unknown) => {
    if (hasErrno(cause, 'ENOENT')) return undefined
    throw unwritable(path, cause instanceof Error ? cause.message : String(cause), cause)
  })
  if (found !== undefined && !found.isFile()) throw unwritable(path, 'it is there and not a regular file')
}

async function write(path: string, bytes: Buffer | string): Promise<void> {
  try {
    await replaceFile(path, bytes)
  } catch (cause) {
    throw unwritable(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

const usage = (message: string): EdgeError => new EdgeError('ACME_EDGE_USAGE', message)

function unwritable(path: string, why: string, cause?: unknown): EdgeError {
  return new EdgeError('ACME_EDGE_CERTIFICATE_UNWRITABLE', `${path} cannot be written: ${why}`, { cause })
}
