import { consequenceText, evidenceText } from './error-log.ts'
import { hasMacro, type Macro } from './macro.ts'
import type { Match } from './match.ts'
import { Masker } from './sanitised.ts'
import type { TransactionState } from './transaction-state.ts'

/**
 * The audit log's object for a transaction, in ModSecurity's JSON form, or `undefined` when it is not relevant.
 * SecAuditLogParts chooses the parts; bodies (C, E, I, J) are left out unless asked for.
 */
export function buildAuditRecord(state: TransactionState): object | undefined {
  if (!isRelevant(state)) return undefined
  const { input, settings } = state
  const has = (part: string): boolean => settings.auditParts.includes(part)
  const masker = new Masker(state.sanitised, hiddenValues(state))
  return {
    transaction: {
      client_ip: input.client.address,
      time_stamp: new Date(input.receivedAtMs).toUTCString(),
      client_port: input.client.port,
      host_ip: input.server.address,
      host_port: input.server.port,
      unique_id: input.id,
      request: requestPart(state, has, masker),
      response: responsePart(state, has, masker),
      producer: {
        modsecurity: 'acme-edge',
        secrules_engine: { on: 'Enabled', detect: 'DetectionOnly', off: 'Disabled' }[state.engine],
        components: settings.components,
      },
      ...(has('H') ? { messages: auditedMatches(state).map((match) => messagePart(match, masker)) } : {}),
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
  const { input, requestBody, request, settings } = state
  const { argumentSeparator } = settings
  const query = input.target.includes('?') ? `?${masker.form(request.queryString, argumentSeparator)}` : ''
  const isForm = requestBody.processor === 'URLENCODED'
  const body = isForm ? masker.form(requestBody.raw, argumentSeparator) : masker.derived(requestBody.raw)
  const [, httpVersion = ''] = input.protocol.split('/')
  return {
    method: input.method,
    http_version: httpVersion,
    uri: `${masker.text(request.path)}${query}`,
    ...(has('C') || has('I') ? { body } : {}),
    ...(has('B')
      ? { headers: headerObject(input.headers, (name, value) => masker.header('requestHeaders', name, value)) }
      : {}),
  }
}

function responsePart({ response, interruption }: TransactionState, has: HasPart, masker: Masker): object {
  const show = (name: string, value: string): string => masker.header('responseHeaders', name, value)
  const refused = interruption?.kind === 'block' || interruption?.kind === 'redirect' ? interruption.status : undefined
  return {
    http_code: refused ?? response?.head.status ?? 0,
    ...(has('E') && response?.body !== undefined ? { body: masker.text(response.body) } : {}),
    ...(has('F') ? { headers: headerObject(response?.head.headers ?? [], show) } : {}),
  }
}

function messagePart(match: Match, masker: Masker): object {
  const { rule, evidence } = match
  const shown: Match = {
    ...match,
    evidence: evidence && {
      ...evidence,
      argument: evidence.operator.macro === undefined ? evidence.argument : masker.derived(evidence.argument),
      variable: masker.text(evidence.variable),
      value: masker.derived(evidence.value),
    },
  }
  return {
    message: maskExpanded(match.message, rule.message, masker),
    details: {
      match: `${consequenceText(match)} ${evidenceText(shown)}`,
      reference: match.reference,
      ruleId: String(rule.id),
      file: rule.head.location.file,
      lineNumber: String(rule.head.location.line),
      data: masker.derived(match.logData),
      severity: String(rule.severity ?? 0),
      ver: rule.version,
      rev: rule.revision,
      tags: match.tags.map((tag, index) => maskExpanded(tag, rule.tags[index], masker)),
      maturity: String(rule.maturity),
      accuracy: String(rule.accuracy),
    },
  }
}

/** What a rule's author has written shows; what macros have put in may be a value in another form. */
function maskExpanded(text: string, macro: Macro | undefined, masker: Masker): string {
  return macro === undefined || !hasMacro(macro.source) ? text : masker.derived(text)
}

/** Values of a repeated header are joined, as ModSecurity does; no request can name a prototype. */
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
