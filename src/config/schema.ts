import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { certificateName, chainName, contactUrl, directoryUrl, profileName } from './acme-values.ts'
import { listenAddress, network, originUrl } from './addresses.ts'
import { caLimitsReader } from './ca-limits-schema.ts'
import { externalAccountIn } from './external-account-schema.ts'
import { parseHostPattern } from './host-pattern.ts'
import { keyTypes } from './key-types.ts'
import { defaultLimits, limitsReader } from './limits-schema.ts'
import { onDemandReader } from './on-demand-schema.ts'
import { accessLogIn, pathIn, readableFileIn, ruleFilesIn, shippedRules, storeIn } from './paths.ts'
import {
  found,
  listOf,
  located,
  mapOf,
  once,
  optional,
  optionalOrNone,
  type Reader,
  refine,
  required,
} from './reader.ts'
import { booleanReader, oneOf, scalar, textOf, value, wrong } from './scalars.ts'
import { type Invalid, note } from './source.ts'

type ReaderValue<R> = R extends Reader<infer T> ? Exclude<T, Invalid> : never

/** The config as it stands in the file, values checked one by one; `toEdgeConfig` gives it its final shape. */
export type ConfigDraft = ReaderValue<ReturnType<typeof edgeSchema>>

/** The keys of edge.yaml. Relative paths count from `folder`; the shipped rules apply where `waf.rules` is absent. */
export function edgeSchema(folder: string) {
  const addresses = listOf(listener, 'the list is empty: write at least one address')
  return mapOf({
    listen: required(mapOf({ http: required(addresses), https: optional(addresses, () => []) })),
    sites: optional(listOf(siteSchema(folder), 'the list is empty: write at least one site'), () => []),
    waf: optional(wafSchema(folder), defaultWaf),
    acme: optionalOrNone(acmeSchema(folder)),
    store: optional(storeIn(folder), () => ({ kind: 'file' as const, folder: resolve(folder, 'certs') })),
    admin: optionalOrNone(mapOf({ listen: required(listener) })),
    workers: optional(workersReader, () => 1),
    log: optional(mapOf({ access: optional(accessLogIn(folder), () => 'stdout' as const) }), () => ({
      access: 'stdout' as const,
    })),
    trusted_proxies: optional(listOf(network), () => []),
    limits: optional(limitsReader, defaultLimits),
  })
}

const listener = once(listenAddress, ({ host, port }) => (port === 0 ? undefined : `listener ${host} port ${port}`))

function siteSchema(folder: string) {
  const hosts = once(textOf('a host name such as "shop.example"', parseHostPattern), (host) => `host "${host}"`)
  const site = mapOf({
    hosts: required(listOf(hosts, 'the list is empty: write at least one host')),
    origin: required(listOf(originUrl, 'the list is empty: write at least one origin')),
    https_redirect: optional(located(booleanReader), () => ({ value: false, offset: 0 })),
    origin_ca: optionalOrNone(located(readableFileIn(folder))),
  })
  return refine(site, ({ value: { origin, origin_ca } }, source) => {
    if (origin_ca === undefined || origin.some(({ secure }) => secure)) return
    note(source, origin_ca.offset, 'origin_ca has no effect: no origin of this site is https')
  })
}

function wafSchema(folder: string) {
  const waf = mapOf({
    mode: optional(oneOf(['block', 'detect', 'off']), () => 'block' as const),
    rules: optional(located(listOf(ruleFilesIn(folder))), () => defaultRules),
    error_log: optionalOrNone(pathIn(folder)),
    audit_log: optionalOrNone(pathIn(folder)),
  })
  return refine(waf, ({ value: { mode, rules } }, source) => {
    if (mode === 'off' || rules.value.length > 0) return
    // Fails closed: an empty list would let everything through under the name of "block".
    note(source, rules.offset, 'the list is empty: name rules, or set waf.mode to off to inspect nothing')
  })
}

/** Of one certificate, and of all that do not say otherwise. */
const certificateKeys = {
  profile: optionalOrNone(profileName),
  key_type: optionalOrNone(oneOf(keyTypes)),
  preferred_chain: optionalOrNone(chainName),
}

function acmeSchema(folder: string) {
  // One certificate a name: two would leave open which one a client gets.
  const names = listOf(
    once(certificateName, (name) => `name "${name}"`),
    'the list is empty: write at least one name',
  )
  return mapOf({
    ...authorityKeys(folder),
    contact: optional(listOf(contactUrl), () => []),
    eab: optionalOrNone(externalAccountIn(folder)),
    fallback: optional(listOf(fallbackSchema(folder)), () => []),
    certificates: optional(listOf(mapOf({ names: required(names), ...certificateKeys })), () => []),
    staging: optionalOrNone(directoryUrl),
    ...certificateKeys,
    limits: optionalOrNone(caLimitsReader),
    on_demand: optionalOrNone(onDemandReader),
  })
}

/** A CA that stands in; without contacts of its own it gets those of the first one. */
function fallbackSchema(folder: string) {
  return mapOf({
    ...authorityKeys(folder),
    contact: optionalOrNone(listOf(contactUrl)),
    eab: optionalOrNone(externalAccountIn(folder)),
    profile: optionalOrNone(profileName),
  })
}

/** Accounts are kept by directory: the same one twice would be one CA with two settings. */
function authorityKeys(folder: string) {
  return {
    directory: required(once(directoryUrl, (url) => `CA "${url}"`)),
    root_ca: optionalOrNone(pathIn(folder)),
  }
}

const maxWorkers = 256

const workersReader: Reader<number> = scalar((raw, node) => {
  if (raw === 'auto') return value(availableParallelism())
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 1 && raw <= maxWorkers) return value(raw)
  return wrong(`expected a whole number from 1 to ${maxWorkers}, or auto, found ${found(node)}`)
})

function defaultWaf() {
  return {
    mode: 'block' as const,
    rules: defaultRules,
    error_log: undefined,
    audit_log: undefined,
  }
}

const defaultRules = { value: [[shippedRules]], offset: 0 }
