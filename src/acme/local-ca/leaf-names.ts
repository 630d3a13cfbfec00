import type { X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { parseAddress } from './ip-range.ts'

/** The host names and addresses of a certificate, as orders have them. */
export function namesOf(leaf: X509Certificate): string[] {
  const names = new x509.X509Certificate(leaf.raw).getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? []
  return names.map(({ type, value }) => (type === 'ip' ? (parseAddress(value) ?? value) : value))
}
