import { decrypt } from './decryption.ts'
import { children, type Element, encode, FormatError, identifier, integer, octets, parse } from './der.ts'
import { checkMac } from './mac.ts'
import { oid } from './object-identifiers.ts'

export interface PfxParts {
  /** PKCS#8, DER. */
  readonly privateKeys: readonly Buffer[]
  /** X.509, DER, in the order of the file. */
  readonly certificates: readonly Buffer[]
}

/** PFX of version 3 is the only one there is. */
const version = 3

/**
 * Keys and certificates of a PKCS#12 file (RFC 7292) that is protected by a password. Its MAC is checked before anything is
 * opened. Throws FormatError with what is wrong, never with anything of the content.
 */
export async function readPfx(bytes: Uint8Array, password: string): Promise<PfxParts> {
  const [versionNumber, authenticatedSafe, macData] = children(parse(bytes))
  if (integer(versionNumber, 100) !== version) throw new FormatError('it is no PKCS#12 file of version 3')
  const content = dataOf(authenticatedSafe)
  if (macData === undefined) throw new FormatError('it has no MAC: anybody could have changed it')
  checkMac(macData, content, password)
  const found: Found = { privateKeys: [], certificates: [] }
  for (const safe of children(parse(content))) {
    for (const bag of children(parse(await openSafe(safe, password)))) await takeBag(bag, found, password)
  }
  return found
}

interface Found {
  readonly privateKeys: Buffer[]
  readonly certificates: Buffer[]
}

async function openSafe(safe: Element, password: string): Promise<Buffer> {
  const [type, content] = children(safe)
  if (identifier(type) === oid.data) return dataOf(safe)
  if (identifier(type) !== oid.encryptedData)
    throw new FormatError('it is protected by a certificate, not by a password')
  const [, info] = children(children(content)[0])
  const [, algorithm, encrypted] = children(info)
  return decrypt(algorithm, octets(encrypted), password)
}

async function takeBag(bag: Element, found: Found, password: string): Promise<void> {
  const [id, tagged] = children(bag)
  const [value] = children(tagged)
  switch (identifier(id)) {
    case oid.keyBag:
      if (value !== undefined) found.privateKeys.push(encode(value))
      return
    case oid.shroudedKeyBag: {
      const [algorithm, encrypted] = children(value)
      found.privateKeys.push(await decrypt(algorithm, octets(encrypted), password))
      return
    }
    case oid.certificateBag: {
      const [type, certificate] = children(value)
      if (identifier(type) === oid.x509Certificate) found.certificates.push(octets(children(certificate)[0]))
      return
    }
  }
  // Revocation lists, secrets and nested safes are nothing that is served.
}

function dataOf(contentInfo: Element | undefined): Buffer {
  const [type, content] = children(contentInfo)
  if (identifier(type) !== oid.data)
    throw new FormatError('it is signed with a key, which is not supported: use a password')
  return octets(children(content)[0])
}
