import { X509Certificate } from 'node:crypto'
import { EdgeError } from '../errors.ts'
import type { AcmeAccount } from './account.ts'
import { linksOf } from './link-header.ts'
import type { Order } from './order.ts'
import { retrySafely } from './retry.ts'
import type { AcmeResponse } from './transport.ts'

/** More than any CA offers. */
const MOST_ALTERNATES = 10

/**
 * The chain of a valid order, PEM, leaf first (RFC 8555 §7.4.2): of those that the CA offers the one that ends in a certificate
 * issued by `preferred`; its default where none does.
 *
 * @param preferred common name of an issuer; `undefined`: the CA's default
 */
export async function downloadChain(
  account: AcmeAccount,
  { order, preferred }: { readonly order: Order; readonly preferred: string | undefined },
  signal: AbortSignal,
): Promise<{ readonly pem: string; readonly isPreferred: boolean }> {
  const { certificate } = order
  if (certificate === undefined)
    throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent a valid order without certificate')
  const first = await download(account, certificate, signal)
  const pem = textOf(first)
  if (preferred === undefined || topIssuer(pem) === preferred) return { pem, isPreferred: true }
  for (const url of linksOf(first, 'alternate', certificate).slice(0, MOST_ALTERNATES)) {
    const other = textOf(await download(account, url, signal))
    if (topIssuer(other) === preferred) return { pem: other, isPreferred: true }
  }
  return { pem, isPreferred: false }
}

function download(account: AcmeAccount, url: string, signal: AbortSignal): Promise<AcmeResponse> {
  return retrySafely(signal, () => account.post({ url, doing: 'the certificate' }, signal))
}

function textOf({ data }: AcmeResponse): string {
  if (typeof data === 'string' && data.includes('-----BEGIN CERTIFICATE-----')) return data
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent something that is no PEM certificate chain')
}

/** Common name of who issued the last certificate of a chain; `undefined` for a damaged one, which is found later. */
function topIssuer(pem: string): string | undefined {
  const last = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.at(-1)
  try {
    return last && /^CN=(.*)$/m.exec(new X509Certificate(last).issuer)?.[1]
  } catch {
    return undefined
  }
}
