import { consequenceText, evidenceText } from './error-log.ts'
import type { Match } from './match.ts'
import type { TransactionState } from './transaction-state.ts'

/**
 * The audit log's object for a transaction, in ModSecurity's JSON form, or `undefined` when it is not relevant.
 * SecAuditLogParts chooses the parts; bodies (C, E, I, J) are left out unless asked for.
 */
export function buildAuditRecord(state: TransactionState): object | undefined {
  if (!isRelevant(state)) return undefined
  const { input, settings } = state
  const has = (part: string): boolean => settings.auditParts.includes(part)
  return {
    transaction: {
      client_ip: input.client.address,
      time_stamp: new Date(input.receivedAtMs).toUTCString(),
      client_port: input.client.port,
      host_ip: input.server.address,
      host_port: input.server.port,
      unique_id: input.id,
      request: requestPart(state, has),
      response: responsePart(state, has),
      producer: {
        modsecurity: 'acme-edge',
        secrules_engine: { on: 'Enabled', detect: 'DetectionOnly', off: 'Disabled' }[state.engine],
        components: settings.components,
      },
      ...(has('H') ? { messages: auditedMatches(state).map(messagePart) } : {}),
    },
  }
}

function isRelevant(state: TransactionState): boolean {
  const { auditEngine, auditStatus } = state.settings
  if (auditEngine !== 'relevant') return auditEngine === 'on'
  if (auditedMatches(state).length > 0) return true
  return (
    auditStatus !== undefined && state.response !== undefined && auditStatus.test(String(state.response.head.status))
  )
}

function auditedMatches({ matches }: TransactionState): Match[] {
  return matches.filter(({ rule }) => rule.auditLog)
}

function requestPart({ input, requestBody }: TransactionState, has: (part: string) => boolean): object {
  const [, httpVersion = ''] = input.protocol.split('/')
  return {
    method: input.method,
    http_version: httpVersion,
    uri: input.target,
    ...(has('C') || has('I') ? { body: requestBody.raw } : {}),
    ...(has('B') ? { headers: headerObject(input.headers) } : {}),
  }
}

function responsePart({ response, interruption }: TransactionState, has: (part: string) => boolean): object {
  const refused = interruption?.kind === 'block' || interruption?.kind === 'redirect' ? interruption.status : undefined
  return {
    http_code: refused ?? response?.head.status ?? 0,
    ...(has('E') && response?.body !== undefined ? { body: response.body } : {}),
    ...(has('F') ? { headers: headerObject(response?.head.headers ?? []) } : {}),
  }
}

function messagePart(match: Match): object {
  const { rule } = match
  return {
    message: match.message,
    details: {
      match: `${consequenceText(match)} ${evidenceText(match)}`,
      reference: '',
      ruleId: String(rule.id),
      file: rule.head.location.file,
      lineNumber: String(rule.head.location.line),
      data: match.logData,
      severity: String(rule.severity ?? 0),
      ver: rule.version,
      rev: rule.revision,
      tags: match.tags,
      maturity: String(rule.maturity),
      accuracy: String(rule.accuracy),
    },
  }
}

/** Values of a repeated header are joined, as ModSecurity does; no request can name a prototype. */
function headerObject(headers: readonly string[]): object {
  const values = new Map<string, string>()
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    const before = values.get(name)
    values.set(name, before === undefined ? (headers[i + 1] ?? '') : `${before}, ${headers[i + 1]}`)
  }
  return Object.fromEntries(values)
}
