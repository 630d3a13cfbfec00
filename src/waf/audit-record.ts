import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { version } from '../version.ts'
import { auditedBody, auditedUploads } from './audit-body.ts'
import { auditedMatch, auditedRule } from './audit-match.ts'
import { asciiTime } from './error-log.ts'
import type { Match } from './match.ts'
import { Masker } from './sanitised.ts'
import type { TransactionState } from './transaction-state.ts'

/** Tells the machines apart whose logs are put together, without naming them. */
const serverId = createHash('sha1').update(hostname()).digest('hex')

/**
 * The audit log's object for a transaction, in ModSecurity's JSON form, or `undefined` when it is not relevant.
 * SecAuditLogParts chooses the parts: request headers (B), request body (C; I: without files), response body (E) and
 * headers (F), messages (H), uploads (J), all rules that logged, in the error log alone, too (K). What was sent as a body is left out unless asked for.
 */
export function buildAuditRecord(state: TransactionState): object | undefined {
  if (!isRelevant(state)) return undefined
  const { input, settings } = state
  const has = (part: string): boolean => settings.auditParts.includes(part)
  const masker = new Masker(state.sanitised, hiddenValues(state))
  return {
    transaction: {
      client_ip: input.client.address,
      time_stamp: asciiTime(new Date(input.receivedAtMs)),
      server_id: serverId,
      client_port: input.client.port,
      host_ip: input.server.address,
      host_port: input.server.port,
      unique_id: input.id,
      is_interrupted: state.interruption !== undefined,
      request: requestPart(state, has, masker),
      response: responsePart(state, has, masker),
      producer: {
        modsecurity: `acme-edge ${version}`,
        connector: 'acme-edge',
        secrules_engine: { on: 'Enabled', detect: 'DetectionOnly', off: 'Disabled' }[state.engine],
        components: settings.components,
      },
      ...(has('H') ? { messages: auditedMatches(state).map((match) => auditedMatch(match, masker)) } : {}),
      ...(has('J') ? { uploads: auditedUploads(state, masker) } : {}),
      ...(has('K') ? { matched_rules: state.matches.map(({ rule }) => auditedRule(rule)) } : {}),
    },
  }
}

function isRelevant(state: TransactionState): boolean {
  const { auditEngine, auditStatus } = state.settings
  if (auditEngine !== 'relevant') return auditEngine === 'on'
  if (auditedMatches(state).length > 0) return true
  const status = statusOf(state)
  return auditStatus !== undefined && status !== 0 && auditStatus.test(String(status))
}

/** What the client gets; 0 where that is no answer of the origin or of a rule. */
function statusOf({ response, interruption }: TransactionState): number {
  const isRefused = interruption?.kind === 'block' || interruption?.kind === 'redirect'
  return isRefused ? interruption.status : (response?.head.status ?? 0)
}

function auditedMatches({ matches }: TransactionState): Match[] {
  return matches.filter(({ rule }) => rule.auditLog)
}

/** Values of what sanitise… actions have named. */
function hiddenValues({ sanitised, request, requestBody, input, response }: TransactionState): string[] {
  const values = [...sanitised.values]
  for (const { lowerKey, cell } of [...request.arguments, ...requestBody.arguments]) {
    if (sanitised.arguments.has(lowerKey)) values.push(cell.raw)
  }
  const sides = [
    [sanitised.requestHeaders, input.headers],
    [sanitised.responseHeaders, response?.head.headers ?? []],
  ] as const
  for (const [names, headers] of sides) {
    for (let i = 0; i + 1 < headers.length; i += 2) {
      if (names.has(headers[i]?.toLowerCase() ?? '')) values.push(headers[i + 1] ?? '')
    }
  }
  return values
}

type HasPart = (part: string) => boolean

function requestPart(state: TransactionState, has: HasPart, masker: Masker): object {
  const { input, request, settings } = state
  const { argumentSeparator } = settings
  const query = input.target.includes('?') ? `?${masker.form(request.queryString, argumentSeparator)}` : ''
  const bodyPart = has('C') ? 'C' : 'I'
  const [, httpVersion = ''] = input.protocol.split('/')
  return {
    method: input.method,
    http_version: httpVersion,
    hostname: masker.text(request.headerValues('host')[0] ?? input.server.address),
    uri: `${masker.text(request.path)}${query}`,
    ...(has(bodyPart) ? { body: auditedBody(state, bodyPart, masker) } : {}),
    ...(has('B')
      ? { headers: headerObject(input.headers, (name, value) => masker.header('requestHeaders', name, value)) }
      : {}),
  }
}

function responsePart(state: TransactionState, has: HasPart, masker: Masker): object {
  const { response } = state
  const show = (name: string, value: string): string => masker.header('responseHeaders', name, value)
  return {
    http_code: statusOf(state),
    ...(has('E') && response?.body !== undefined ? { body: masker.text(response.body) } : {}),
    ...(has('F') ? { headers: headerObject(response?.head.headers ?? [], show) } : {}),
  }
}

/** Values of a repeated header are joined: nothing is lost. No request can name a prototype. */
function headerObject(headers: readonly string[], show: (name: string, value: string) => string): object {
  const values = new Map<string, string>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const before = values.get(name)
    const value = show(name, headers[i + 1] ?? '')
    values.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries(values)
}
