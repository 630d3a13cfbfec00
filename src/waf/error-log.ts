import type { Match } from './match.ts'
import type { Incident, TransactionState } from './transaction-state.ts'

/** Longest value, parameter or logdata shown: a line stays readable, and a request cannot fill the disk. */
const VALUE_CHARACTERS = 200
const PARAMETER_CHARACTERS = 200
const FIELD_CHARACTERS = 1024

/** The error log's line for a match, in ModSecurity's form, without newline. */
export function formatMatch(match: Match, state: TransactionState): string {
  const { rule } = match
  const fields: [string, string | number][] = [
    ['file', rule.head.location.file],
    ['line', rule.head.location.line],
    ['id', rule.id],
    ['rev', rule.revision],
    ['msg', match.message],
    ['data', limit(match.logData, VALUE_CHARACTERS)],
    ['severity', rule.severity ?? 0],
    ['ver', rule.version],
    ['maturity', rule.maturity],
    ['accuracy', rule.accuracy],
  ]
  for (const tag of match.tags) fields.push(['tag', tag])
  return `${prefix(state)}${consequenceText(match)} ${evidenceText(match)} ${join(fields)} ${join(requestFields(state, match.reference))}`
}

/** The line for what no rule has said. */
export function formatIncident({ title, reason, ruleId }: Incident, state: TransactionState): string {
  const fields: [string, string | number][] = [['msg', reason]]
  if (ruleId !== undefined) fields.unshift(['id', ruleId])
  return `${prefix(state)}${title} ${join(fields)} ${join(requestFields(state))}`
}

/** `Warning.`, or what was done: `Access denied with code 403 (phase 2).` */
export function consequenceText({ consequence, status, rule }: Match): string {
  const phase = `(phase ${rule.phase}).`
  switch (consequence) {
    case 'warning':
      return 'Warning.'
    case 'denied':
    case 'redirected':
      return `Access denied with code ${status} ${phase}`
    case 'dropped':
      return `Access denied with connection close ${phase}`
    case 'allowed':
      return `Access allowed ${phase}`
    default:
      return consequence satisfies never
  }
}

export function evidenceText({ evidence }: Match): string {
  if (evidence === undefined) return 'Unconditional match in SecAction.'
  const { operator, argument, variable, value } = evidence
  const label = `${operator.negated ? '!' : ''}${operator.label}`
  const parameter = escapeField(limit(argument, PARAMETER_CHARACTERS))
  const shown = escapeField(limit(value, VALUE_CHARACTERS))
  return `Matched "Operator \`${label}' with parameter \`${parameter}' against variable \`${escapeField(limit(variable, VALUE_CHARACTERS))}' (Value: \`${shown}' )`
}

/** Nothing of a request can look like the end of a field, a new field or a new line. */
export function escapeField(text: string): string {
  return text.replace(/["\\\]]|[^\x20-\x7e]/g, (character) => {
    const code = character.charCodeAt(0)
    if (code >= 0x20 && code < 0x7f) return `\\${character}`
    return `\\x${code.toString(16).padStart(2, '0')}`
  })
}

function prefix({ clock, input }: TransactionState): string {
  return `[${timestamp(new Date(clock.now()))}] [client ${escapeField(input.client.address)}] ModSecurity: `
}

/** As Apache writes it: `Sun Nov 22 16:14:31.123000 2026`. Local time. */
function timestamp(at: Date): string {
  return asciiTime(at, `.${String(at.getMilliseconds()).padStart(3, '0')}000`)
}

/** As C's asctime writes it: `Sun Nov 22 16:14:31 2026`. Local time. */
export function asciiTime(at: Date, fraction = ''): string {
  const [day = '', month = '', date = '', year = '', time = ''] = at.toString().split(' ')
  return `${day} ${month} ${date} ${time}${fraction} ${year}`
}

function requestFields({ input, request }: TransactionState, reference = ''): [string, string][] {
  return [
    ['hostname', request.headerValues('host')[0] ?? input.server.address],
    ['uri', request.path],
    ['unique_id', input.id],
    ['ref', reference],
  ]
}

function join(fields: readonly (readonly [string, string | number])[]): string {
  return fields.map(([name, value]) => `[${name} "${escapeField(limit(String(value), FIELD_CHARACTERS))}"]`).join(' ')
}

function limit(text: string, characters: number): string {
  return text.length <= characters
    ? text
    : `${text.slice(0, characters)} (${text.length - characters} characters omitted)`
}
