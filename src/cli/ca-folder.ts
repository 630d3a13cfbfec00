import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Option } from 'commander'
import type { RootKeyAccess } from '../acme/local-ca/root-key.ts'
import { EdgeError } from '../errors.ts'
import type { Store } from '../store/contract.ts'
import { openFileStore } from '../store/file-store.ts'
import type { WarningLog } from '../store/warning-log.ts'

/** `--folder F`; all commands of the CA have the same one. */
export const folderOption = (): Option =>
  new Option('--folder <folder>', 'where the CA keeps its keys, accounts and certificates').default('local-ca')

export const passphraseOption = (): Option =>
  new Option('--passphrase-file <file>', 'file whose first line opens the root key')

/** A passphrase shorter than this is found by trying; PKCS #8 slows that down only a little. */
const minPassphrase = 16
const lockWaitMs = 1_000

/** The store of a CA that exists; a slip in `--folder` must not leave an empty folder behind. */
export async function openCaFolder(folder: string, log: WarningLog): Promise<Store> {
  const found = await stat(join(folder, 'state')).catch(() => undefined)
  if (found?.isDirectory()) return openFileStore({ folder, log })
  const message = `there is no local CA in ${folder}: make one with \`acme-edge ca init --folder ${folder}\``
  throw new EdgeError('ACME_EDGE_LOCALCA_MISSING', message)
}

/** Bounds the wait for a lock that another command holds for a moment. */
export const lockSignal = (): AbortSignal => AbortSignal.timeout(lockWaitMs)

/** Where the root's key is, and what opens it: a passphrase never stands on the command line, where others can read it. */
export async function readRootKeyAccess(flags: {
  readonly rootKey?: string | undefined
  readonly passphraseFile?: string | undefined
}): Promise<RootKeyAccess> {
  const { rootKey: file, passphraseFile } = flags
  return { file, passphrase: passphraseFile === undefined ? undefined : await readPassphrase(passphraseFile) }
}

async function readPassphrase(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new EdgeError('ACME_EDGE_USAGE', `--passphrase-file cannot be read: ${reason}`, { cause })
  })
  const [passphrase = ''] = text.split(/\r?\n/)
  if (passphrase.length >= minPassphrase && passphrase.length <= 1024) return passphrase
  const advice = `its first line must have ${minPassphrase} to 1024 characters (openssl rand -base64 24 makes a good one)`
  throw new EdgeError('ACME_EDGE_USAGE', `--passphrase-file ${file}: ${advice}`)
}
