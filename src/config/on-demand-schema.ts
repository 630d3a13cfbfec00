import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { limitReader } from './ca-limits-schema.ts'
import type { OnDemandConfig } from './config.ts'
import { duration } from './quantities.ts'
import { mapOf, optional, required } from './reader.ts'
import { integer, textOf, value, wrong } from './scalars.ts'

/**
 * The URL of the operator's service that decides about names. Plain http only on this machine or a private network: elsewhere
 * anybody on the way could say yes.
 */
const askUrl = textOf<string>('a URL such as "http://127.0.0.1:9000/ask"', (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const shown = JSON.stringify(text.slice(0, 300))
  if (url === undefined || !/^https?:\/\//i.test(text)) return wrong(`${shown} is not a URL: write https://host/path`)
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return wrong('the URL to ask has no user, password or fragment')
  if (url.searchParams.has('domain')) return wrong(`${shown}: acme-edge adds "domain" itself: leave it out`)
  return url.protocol === 'https:' || isNear(url.hostname) ? value(url.href) : wrong('a URL in the web needs https')
})

const near = new Set(['loopback', 'private', 'uniqueLocal', 'linkLocal'])

/** Of this machine, or of a network where names have no dot and addresses are private. */
function isNear(host: string): boolean {
  const literal = host.replace(/^\[|\]$/g, '')
  return isIP(literal) === 0 ? !host.includes('.') : near.has(ipaddr.parse(literal).range())
}

const defaults = {
  per_minute: 10,
  per_registered_domain: { count: 10, periodMs: 3_600_000 },
  waiting_handshakes: 100,
} as const

export const onDemandReader = mapOf({
  ask: required(askUrl),
  timeout: optional(duration({ min: '10ms', max: '20s' }), () => 5_000),
  limits: optional(
    mapOf({
      per_minute: optional(integer(1, 100_000), () => defaults.per_minute),
      per_registered_domain: optional(limitReader, () => defaults.per_registered_domain),
      waiting_handshakes: optional(integer(1, 10_000), () => defaults.waiting_handshakes),
    }),
    () => defaults,
  ),
})

type OnDemandDraft = Exclude<ReturnType<typeof onDemandReader.read>, symbol>

export function toOnDemandConfig({ ask, timeout, limits }: OnDemandDraft): OnDemandConfig {
  return {
    ask,
    timeoutMs: timeout,
    limits: { perMinute: limits.per_minute, perRegisteredDomain: limits.per_registered_domain },
    waitingHandshakes: limits.waiting_handshakes,
  }
}
