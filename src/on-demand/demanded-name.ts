import { isIP } from 'node:net'
import type { HostName } from '../http.ts'

/** Longer ones have no folder in the store. */
const longest = 200
const label = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/**
 * The name that a stranger's handshake asks for (SNI, RFC 6066 §3), where a certificate could be ordered for it: a DNS name of
 * at least two labels whose last one is no number. Addresses, underscores, single words and junk are `undefined`.
 */
export function parseDemandedName(servername: string): HostName | undefined {
  const name = servername.toLowerCase()
  if (name.length > longest || isIP(name) !== 0) return undefined
  const labels = name.split('.')
  if (labels.length < 2 || !labels.every((one) => label.test(one))) return undefined
  return /^\d+$/.test(labels.at(-1) ?? '') ? undefined : (name as HostName) // checked label by label
}
