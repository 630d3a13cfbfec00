import { readFile } from 'node:fs/promises'
import type { AcmeConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { AcmeClient } from './client.ts'
import type { JsonObject } from './json.ts'

/** Base64url, or base64 with or without padding, of 128 bits or more: as CAs show it. */
const keyPattern = /^[A-Za-z0-9_+/-]{22,1024}={0,2}$/

/**
 * What newAccount says beside the contacts (RFC 8555 §7.3.4): whose customer registers, where `acme.eab` says so. Throws
 * ACME_EDGE_ACME_EAB_REQUIRED where the CA wants it and it is not set, ACME_EDGE_ACME_EAB_INVALID; neither shows the key.
 */
export async function externalAccountBinding(client: AcmeClient, acme: AcmeConfig): Promise<JsonObject> {
  const { eab, directory } = acme
  if (eab !== undefined) {
    const hmacKey = 'file' in eab.hmacKey ? await readKey(eab.hmacKey.file) : eab.hmacKey.text
    return { externalAccountBinding: client.bindExternalAccount({ kid: eab.kid, hmacKey }) }
  }
  if (!client.directory.externalAccountRequired) return {}
  const message = `${directory} registers accounts of its customers alone: set eab (kid and hmac_key_file) beside it in the config, with what the CA shows in your account there`
  throw new EdgeError('ACME_EDGE_ACME_EAB_REQUIRED', message, { details: { directory } })
}

async function readKey(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new EdgeError('ACME_EDGE_ACME_EAB_INVALID', `hmac_key_file cannot be read: ${cause.message}`, { cause })
  })
  if (keyPattern.test(text.trim())) return text.trim()
  const message = `hmac_key_file: ${file} does not hold base64url of at least 128 bits and nothing else: copy it from the CA`
  throw new EdgeError('ACME_EDGE_ACME_EAB_INVALID', message)
}
