import { isIPv4 } from 'node:net'
import type { FindingCode } from './finding.ts'

/** BR §3.2.2.4.19 names these four; 303 and all others end the validation. */
const followed = new Set([301, 302, 307, 308])
/** What CAs say that they follow. */
export const maxRedirects = 10
/** Boulder counts a redirect after it has compared the count (`numRedirects > maxRedirect`), so that one more passes. */
const followedRedirects = maxRedirects + 1
const maxPathBytes = 2_000

/** What is wrong, and what to do about it; the name is added by whoever knows it. */
export interface Fault {
  readonly code: FindingCode
  readonly text: string
  readonly fix: string
}

export interface Redirect {
  readonly status: number
  readonly location: string | undefined
  /** All that was asked for so far, the last one being what redirects. */
  readonly visited: readonly [URL, ...URL[]]
}

/** Where Let's Encrypt's validator (Boulder, `va/http.go`) goes next, or why it does not go on. */
export function followRedirect({ status, location, visited }: Redirect): URL | Fault {
  const from = visited.at(-1) ?? visited[0]
  const shown = `${from.href} redirects (${status})`
  const fix = 'do not redirect /.well-known/acme-challenge/, or redirect it to a name on port 80 or 443'
  if (!followed.has(status))
    return { code: 'REDIRECT_STATUS', text: `${from.href} answers ${status}, which CAs do not follow`, fix: statusFix }
  if (location === undefined || /^https?:\/{2}($|[/:?#])/i.test(location) || !URL.canParse(location, from.href))
    return { code: 'REDIRECT_NO_TARGET', text: `${shown} without a target that is a URL`, fix }
  const to = new URL(location, from.href)
  const next = { to, location, shown: `${shown} to ${to.href}`, fix }
  const fault = faultOfTarget(next)
  if (fault !== undefined) return fault
  if (visited.some(({ href }) => href === to.href))
    return { code: 'REDIRECT_LOOP', text: `${next.shown}, which was asked for before`, fix: loopFix }
  if (visited.length > followedRedirects)
    return {
      code: 'REDIRECT_TOO_MANY',
      text: `more than ${maxRedirects} redirects, the last to ${to.href}`,
      fix: loopFix,
    }
  return to
}

const statusFix = 'answer /.well-known/acme-challenge/ with 200, or redirect it with 301, 302, 307 or 308'
const loopFix = 'take /.well-known/acme-challenge/ out of the rules that redirect'

interface Next {
  readonly to: URL
  /** As it was written. */
  readonly location: string
  readonly shown: string
  readonly fix: string
}

function faultOfTarget({ to, location, shown, fix }: Next): Fault | undefined {
  if (to.protocol !== 'http:' && to.protocol !== 'https:') return { code: 'REDIRECT_SCHEME', text: shown, fix }
  if (to.port !== '' && to.port !== '80' && to.port !== '443')
    return { code: 'REDIRECT_PORT', text: `${shown}: CAs follow to ports 80 and 443 alone`, fix }
  // `0x7f.1` is a name for a CA.
  if (isIPv4(to.hostname) && !location.includes(to.hostname))
    return { code: 'REDIRECT_ADDRESS', text: `${shown}, an address that CAs do not read as one`, fix }
  if (to.hostname.endsWith('.well-known'))
    return { code: 'REDIRECT_SLASH', text: shown, fix: 'end the target of the redirect with a slash' }
  if (Buffer.byteLength(to.pathname) > maxPathBytes)
    return {
      code: 'REDIRECT_TOO_LONG',
      text: `${shown.slice(0, 200)}…: its path has more than ${maxPathBytes} bytes`,
      fix,
    }
  return undefined
}
