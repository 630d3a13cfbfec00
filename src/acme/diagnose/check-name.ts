import { isIP } from 'node:net'
import { parse } from 'tldts'
import { EdgeError } from '../../errors.ts'
import type { HostName } from '../../http.ts'
import { parseCertificateNames } from '../certificate-names.ts'
import { type Finding, finding } from './finding.ts'

export type NameCheck =
  | { readonly kind: 'usable'; readonly name: HostName; readonly findings: readonly Finding[] }
  | { readonly kind: 'unusable'; readonly findings: readonly Finding[] }

/** Whether HTTP-01 can prove a name at all, and whether a CA of the web would issue for it. */
export function checkName(text: string, { publicCa }: { readonly publicCa: boolean }): NameCheck {
  if (text.startsWith('*.')) {
    const fix = 'order the hosts below it one by one: a wildcard needs DNS-01, which acme-edge does not do'
    return unusable(finding('NAME_WILDCARD', { name: text, text: 'HTTP-01 cannot prove a wildcard', fix }))
  }
  try {
    const [name] = parseCertificateNames([text])
    if (name === undefined) return { kind: 'unusable', findings: [] }
    return { kind: 'usable', name, findings: publicCa ? checkTopLevel(name) : [] }
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error
    const [what = '', ...advice] = error.message.split(/: (?=[^:]*$)/)
    return unusable(finding('NAME_INVALID', { name: text, text: what, fix: advice.join('') || 'name a host' }))
  }
}

const unusable = (found: Finding): NameCheck => ({ kind: 'unusable', findings: [found] })

/** Let's Encrypt's policy: a name ends in a registered top-level domain and is not a public suffix itself. */
function checkTopLevel(name: string): readonly Finding[] {
  if (isIP(name) !== 0) return []
  const { isIcann, domain } = parse(name)
  if (isIcann === true && domain !== null) return []
  const what = isIcann === true ? 'is a public suffix' : 'does not end in a registered top-level domain'
  const fix = 'order a name of your own, or set acme.directory to a CA of your own'
  return [finding('NAME_NOT_PUBLIC', { name, text: `${name} ${what}, and CAs of the web do not issue for it`, fix })]
}
