import { createDecipheriv, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { children, type Element, FormatError, identifier, integer, isInteger, octets } from './der.ts'
import { cipherNames, oid, prfNames } from './object-identifiers.ts'
import { deriveFromPassword } from './password-key.ts'

const derive = promisify(pbkdf2)

/** What a file may ask of its reader: a second or so. */
export const maxIterations = 5_000_000

/**
 * Opens what a password protects: PBES2 (RFC 8018 §6.2), and the triple DES that Windows used before. Throws FormatError for
 * other ciphers and for a password that does not fit.
 */
export async function decrypt(algorithm: Element | undefined, bytes: Uint8Array, password: string): Promise<Buffer> {
  const [name, parameters] = children(algorithm)
  const { cipher, key, iv } = await keyFor(identifier(name), parameters, password)
  try {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(bytes), decipher.final()])
  } catch {
    throw new FormatError('the password does not fit')
  }
}

interface CipherKey {
  readonly cipher: string
  readonly key: Buffer
  readonly iv: Buffer
}

async function keyFor(name: string, parameters: Element | undefined, password: string): Promise<CipherKey> {
  if (name === oid.pbes2) return pbes2Key(parameters, password)
  if (name !== oid.pbeWithSha1And3Des) throw unknownCipher(name)
  const [salt, iterations] = children(parameters)
  const common = { digest: 'sha1', password, salt: octets(salt), iterations: integer(iterations, maxIterations) }
  const key = deriveFromPassword({ ...common, purpose: 'key', bytes: 24 })
  return { cipher: 'des-ede3-cbc', key, iv: deriveFromPassword({ ...common, purpose: 'iv', bytes: 8 }) }
}

async function pbes2Key(parameters: Element | undefined, password: string): Promise<CipherKey> {
  const [kdf, scheme] = children(parameters)
  const [kdfName, kdfParameters] = children(kdf)
  if (identifier(kdfName) !== oid.pbkdf2) throw unknownCipher(identifier(kdfName))
  const [salt, iterations, ...rest] = children(kdfParameters)
  const [prf] = rest.filter((element) => !isInteger(element)) // a length of the key may stand before it
  const digest = prf === undefined ? 'sha1' : prfNames[identifier(children(prf)[0])]
  const [schemeName, iv] = children(scheme)
  const cipher = cipherNames[identifier(schemeName)]
  if (digest === undefined || cipher === undefined) throw unknownCipher(identifier(schemeName))
  const key = await derive(password, octets(salt), integer(iterations, maxIterations), cipher.keyBytes, digest)
  return { cipher: cipher.name, key, iv: octets(iv) }
}

function unknownCipher(name: string): FormatError {
  const advice = 'export it anew with AES-256 (openssl pkcs12 -legacy -in old.pfx -nodes, then openssl pkcs12 -export)'
  return new FormatError(`it is encrypted with ${name}, which is too old or unknown: ${advice}`)
}
