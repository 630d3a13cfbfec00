import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { EdgeError } from '../../errors.ts'
import { createFile } from '../../store/file-store-durable.ts'

/** How to come by the root's key where it is not in the CA's folder as it is. */
export interface RootKeyAccess {
  /** Where it is kept, when not in the CA's folder. */
  readonly file?: string | undefined
  /** What opens it, when it is encrypted. */
  readonly passphrase?: string | undefined
}

/** The key as PEM, PKCS #8, encrypted (PBES2, AES-256) when there is a passphrase. */
export function encodeRootKey(key: KeyObject, passphrase: string | undefined): string {
  const format = { type: 'pkcs8', format: 'pem' } as const
  // Node's types say Buffer for the encrypted one; with `pem` it is text.
  return String(key.export(passphrase === undefined ? format : { ...format, cipher: 'aes-256-cbc', passphrase }))
}

/** Writes a root key where nothing is yet, for the owner alone; throws ACME_EDGE_LOCALCA_EXISTS, …_ROOTKEY. */
export async function writeRootKey(file: string, pem: string): Promise<void> {
  const isNew = await createFile(file, pem).catch((cause: unknown) => {
    throw unusable(`${file} cannot be written: ${reasonOf(cause)}`, cause)
  })
  if (isNew) return
  throw new EdgeError('ACME_EDGE_LOCALCA_EXISTS', `${file} exists: name another file for the root key, or move it away`)
}

/**
 * The root's key from its file, or from the text that the folder keeps; `undefined` when neither can be had: offline, or
 * locked without a passphrase. Throws ACME_EDGE_LOCALCA_ROOTKEY for a key that is there and does not serve.
 */
export async function loadRootKey(
  root: { readonly certificate: X509Certificate; readonly keptPem: string | undefined },
  { file, passphrase }: RootKeyAccess,
): Promise<KeyObject | undefined> {
  const pem = file === undefined ? root.keptPem : await readKeyFile(file)
  if (pem === undefined) return undefined
  if (pem.includes('BEGIN ENCRYPTED') && passphrase === undefined) {
    if (file === undefined) return undefined
    throw unusable(`the root key in ${file} is encrypted: give its passphrase with --passphrase-file`)
  }
  const key = open(pem, passphrase)
  if (root.certificate.checkPrivateKey(key)) return key
  throw unusable('the root key belongs to another root')
}

function open(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (cause) {
    throw unusable('the root key cannot be opened: the passphrase is wrong, or the file holds no private key', cause)
  }
}

async function readKeyFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw unusable(`the root key cannot be read: ${reasonOf(cause)}`, cause)
  })
}

function unusable(message: string, cause?: unknown): EdgeError {
  return new EdgeError('ACME_EDGE_LOCALCA_ROOTKEY', message, { cause })
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
