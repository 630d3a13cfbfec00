import { dirname } from 'node:path'
import { type Document, parseDocument } from 'yaml'
import { EdgeError } from '../errors.ts'
import { toCaLimitsConfig } from './ca-limits-schema.ts'
import type { AcmeConfig, EdgeConfig } from './config.ts'
import { toLimitsConfig } from './limits-schema.ts'
import { toOnDemandConfig } from './on-demand-schema.ts'
import { placeOf } from './reader.ts'
import { type ConfigDraft, edgeSchema } from './schema.ts'
import { type ConfigSource, createSource, invalid, note } from './source.ts'

/**
 * The text of an edge.yaml as a frozen config; `file` (absolute) gives relative paths their folder. Looks whether the
 * named rule and CA files exist. Throws ACME_EDGE_CONFIG_INVALID with every problem, sorted by place.
 */
export function parseConfig(text: string, file: string): EdgeConfig {
  const source = createSource(file, text)
  const document = parseYaml(source)
  const config = document === undefined ? invalid : readDocument(document, source)
  if (config === invalid || source.problems.length > 0) throw configInvalid(source)
  return deepFreeze(config)
}

function readDocument(document: Document, source: ConfigSource): EdgeConfig | typeof invalid {
  const draft = edgeSchema(dirname(source.file)).read(placeOf(document.contents, 0), source)
  if (draft === invalid) return invalid
  checkRedirects(draft, source)
  return toEdgeConfig(draft, source.file)
}

function checkRedirects(draft: ConfigDraft, source: ConfigSource): void {
  if (draft.listen.https.length > 0) return
  for (const { https_redirect } of draft.sites) {
    if (https_redirect.value)
      note(source, https_redirect.offset, 'https_redirect needs an https listener: add listen.https')
  }
}

/** `undefined`: the text is not YAML, and its problems are noted. */
function parseYaml(source: ConfigSource): Document | undefined {
  const document = parseDocument(source.text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    prettyErrors: false,
    // The library's check compares each key with each: minutes for a large file. `mapOf` finds doubles itself.
    uniqueKeys: false,
  })
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') {
    note(source, 0, 'only YAML 1.2 is read: version 1.1 takes words such as "off" for booleans')
  }
  noteYamlErrors(document, source)
  return source.problems.length > 0 ? undefined : document
}

/** One problem a place: the library repeats itself there, once for every bracket that is open. */
function noteYamlErrors(document: Document, source: ConfigSource): void {
  const errors = [...document.errors, ...document.warnings]
  // Brackets nested by the thousand end the library's stack; what else it reports then is noise.
  const exhausted = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
  if (exhausted !== undefined) {
    note(source, exhausted.pos[0], 'not YAML: nested too deeply')
    return
  }
  const offsets = new Set<number>()
  for (const { pos, message } of errors) {
    if (!offsets.has(pos[0])) note(source, pos[0], yamlMessage(message))
    offsets.add(pos[0])
  }
}

function yamlMessage(message: string): string {
  if (message.startsWith('Source contains multiple documents')) return 'not YAML: one document a file'
  return `not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
}

type AcmeDraft = NonNullable<ConfigDraft['acme']>

function toEdgeConfig(draft: ConfigDraft, file: string): EdgeConfig {
  return {
    file,
    listen: draft.listen,
    sites: draft.sites.map((site) => ({
      hosts: site.hosts,
      origins: site.origin,
      httpsRedirect: site.https_redirect.value,
      originCa: site.origin_ca?.value,
    })),
    waf: {
      mode: draft.waf.mode,
      rules: draft.waf.rules.value.flat(),
      errorLog: draft.waf.error_log,
      auditLog: draft.waf.audit_log,
    },
    acme: draft.acme && toAcmeConfig(draft.acme),
    store: draft.store,
    admin: draft.admin?.listen,
    workers: draft.workers,
    log: draft.log,
    trustedProxies: draft.trusted_proxies,
    limits: toLimitsConfig(draft.limits),
  }
}

function toAcmeConfig(draft: AcmeDraft): AcmeConfig {
  const { directory, contact, eab, fallback, profile, staging, limits } = draft
  return {
    directory,
    rootCa: draft.root_ca,
    contact,
    eab,
    fallback: fallback.map(({ root_ca: rootCa, ...other }) => ({
      ...other,
      rootCa,
      contact: other.contact ?? contact,
    })),
    certificates: toCertificates(draft),
    defaults: { profile, keyType: draft.key_type, preferredChain: draft.preferred_chain },
    staging,
    limits: limits && toCaLimitsConfig(limits),
    onDemand: draft.on_demand && toOnDemandConfig(draft.on_demand),
  }
}

/** What holds for all certificates goes into the entry of each. */
function toCertificates({ certificates, profile, key_type, preferred_chain }: AcmeDraft) {
  return certificates.map((entry) => ({
    names: entry.names,
    profile: entry.profile ?? profile,
    keyType: entry.key_type ?? key_type,
    preferredChain: entry.preferred_chain ?? preferred_chain,
  }))
}

function configInvalid(source: ConfigSource): EdgeError {
  const problems = source.problems.toSorted(
    (a, b) => a.location.line - b.location.line || a.location.column - b.location.column,
  )
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  return new EdgeError('ACME_EDGE_CONFIG_INVALID', `${source.file} has ${count}`, { problems })
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const child of Object.values(value)) deepFreeze(child)
  return Object.freeze(value)
}
