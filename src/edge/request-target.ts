import type { TargetForm } from '../http.ts'
import { parseAuthority } from './host.ts'
import { type Refusal, refusal } from './request-head.ts'

export interface RequestTarget {
  readonly kind: 'target'
  readonly target: string
  readonly form: TargetForm
}

const absoluteForm = /^(https?):\/\/([^/?]*)(.*)$/i

/**
 * Reduces the target to origin form without touching its path (RFC 9112 §3.2). An absolute-form target counts only where
 * its authority is the Host field's: otherwise the edge and the origin could take the request for different sites.
 */
export function readTarget(method: string, raw: string, authority: string): RequestTarget | Refusal {
  if (raw.startsWith('/')) return { kind: 'target', target: raw, form: 'origin' }
  if (raw === '*') {
    return method === 'OPTIONS' ? { kind: 'target', target: raw, form: 'asterisk' } : refusal(400, '* without OPTIONS')
  }
  const match = absoluteForm.exec(raw)
  if (match === null) return refusal(400, 'target is neither a path nor a URL')
  const [, scheme = '', named = '', path = ''] = match
  if (!isSameAuthority(named, authority, scheme.toLowerCase()))
    return refusal(400, 'absolute-form target differs from Host')
  const target = path.startsWith('/') ? path : `/${path}`
  return { kind: 'target', target, form: 'absolute' }
}

function isSameAuthority(left: string, right: string, scheme: string): boolean {
  const a = parseAuthority(left)
  const b = parseAuthority(right)
  if (a === undefined || b === undefined) return false
  const defaultPort = scheme === 'https' ? '443' : '80'
  return a.host === b.host && Number(a.port ?? defaultPort) === Number(b.port ?? defaultPort)
}
