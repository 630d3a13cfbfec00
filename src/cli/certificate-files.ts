import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { EdgeError } from '../errors.ts'

/** Key, chain and all of a certificate have a few KiB; what is given by mistake is not read into memory. */
const maxFileBytes = 1_048_576
const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const pemKey = /-----BEGIN ((?:EC |RSA |ENCRYPTED )?PRIVATE KEY)-----[\s\S]*?-----END \1-----/

/** A file that a command was given. Throws ACME_EDGE_CERTIFICATE_UNREADABLE. */
export async function readGivenFile(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    if (size > maxFileBytes) throw unreadable(path, `it has more than ${maxFileBytes} bytes`)
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof EdgeError) throw cause
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** The certificates of a PEM file, at least one, each as PEM with a newline; a single one may be DER. */
export async function readCertificates(path: string): Promise<string[]> {
  const bytes = await readGivenFile(path)
  const found = bytes.toString('latin1').match(pemCertificate) ?? []
  if (found.length > 0) return found.map((pem, index) => reencode(pem, `certificate ${index + 1} of ${path}`))
  if (bytes[0] === 0x30) return [reencode(bytes, path)]
  throw unreadable(path, 'it holds no certificate (PEM, or DER of one)')
}

/** The private key of a PEM file, without its password, as PKCS#8. No error shows anything of it. */
export async function readPrivateKey(path: string, password?: string): Promise<string> {
  const bytes = await readGivenFile(path)
  const pem = pemKey.exec(bytes.toString('latin1'))?.[0]
  if (pem === undefined) throw unreadable(path, 'it holds no private key (PEM)')
  const isEncrypted = /ENCRYPTED/.test(pem.slice(0, 200))
  if (isEncrypted && password === undefined)
    throw unreadable(path, 'the private key is encrypted: give its password with --password-file')
  try {
    const key = createPrivateKey({ key: pem, ...(password === undefined ? {} : { passphrase: password }) })
    return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch {
    throw unreadable(path, isEncrypted ? 'the password does not open the private key' : 'the private key is damaged')
  }
}

/** The one line of a file; the newline at the end is no part of a password. Throws as above. */
export async function readPassword(path: string): Promise<string> {
  const password = (await readGivenFile(path)).toString('utf8').replace(/\r?\n$/, '')
  if (password === '' || /[\r\n\0]/.test(password)) throw unreadable(path, 'it does not hold one line with a password')
  return password
}

function reencode(certificate: string | Buffer, what: string): string {
  try {
    return new X509Certificate(certificate).toString()
  } catch {
    throw unreadable(what, 'it is damaged')
  }
}

function unreadable(path: string, why: string, cause?: unknown): EdgeError {
  return new EdgeError('ACME_EDGE_CERTIFICATE_UNREADABLE', `${path} cannot be used: ${why}`, { cause })
}
