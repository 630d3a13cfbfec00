import { type Observation, observedValues } from './observation.ts'
import type { Outcome } from './rule-engine.ts'

/**
 * Whether the lines of ModSecurity's debug log that a case asks for are true of acme-edge, which writes none: they are
 * told from what it did and then searched as that suite searches its log. `undefined` for lines about something that is
 * not told.
 */
export function saysDebugLog(expected: string, outcome: Outcome, observation: Observation): boolean | undefined {
  const skipped = /(?:Skipped rule id \\?'|Rule id: )(\d+)/.exec(expected)?.[1]
  if (skipped !== undefined) return neverRan(outcome, Number(skipped))
  const isFound = new RegExp(expected.trim(), 's').test(tellDebugLog(outcome, observation))
  return isFound || (told.test(expected) ? false : undefined)
}

/** What is told at all. */
const told =
  /Executing operator|Target value|Variable:|Rule returned|T \\?\(|t:|subexpression|match TX|Saving (?:variable|msg)|Rule tag|Multipart|[Bb]oundar|Disposition|part header|line endings|folding|request argument|file part|parsing error|variable: |[Rr]equest body|Response Content-Type|Upload file limit|over limit/

function neverRan({ trace, matched }: Outcome, id: number): boolean {
  return !trace.some(({ ruleId }) => ruleId === id) && !matched.includes(id)
}

function tellDebugLog(outcome: Outcome, observation: Observation): string {
  const lines = [
    ...tellRequestBody(observation),
    ...tellMultipart(observation),
    ...tellArguments(observation),
    ...tellResponseBody(observation),
    ...tellRules(outcome, observation),
    ...tellCollections(observation),
    ...tellMessages(outcome),
  ]
  return lines.map((line) => `[9] ${line}`).join('\n')
}

function tellRequestBody(observation: Observation): string[] {
  const [length = '0'] = observedValues(observation, 'REQUEST_BODY_LENGTH')
  if (length !== '0') return ['Request body:', observation.requestBody]
  if (observation.requestBody === '' || !/ctl:requestBodyAccess=off/i.test(observation.rules)) return []
  return ['Request body processing is enabled, but disabled to this transaction due to ctl:requestBodyAccess action']
}

/** What ModSecurity says of a Content-Type or a payload, and how acme-edge's REQBODY_ERROR_MSG says it. */
const contentTypeErrors: readonly (readonly [theirs: string, ours: RegExp])[] = [
  ['Invalid boundary in C-T (malformed)', /boundary in the Content-Type is malformed|has no boundary/],
  ['Invalid boundary in C-T (case sensitivity)', /boundary in the Content-Type is malformed/],
  ['Invalid boundary in C-T (parameter name)', /boundary in the Content-Type is malformed|has no boundary/],
  ['Invalid boundary in C-T (quote)', /boundary in the Content-Type is malformed|RFC 2046 does not allow/],
  ['Invalid boundary in C-T (characters)', /boundary in the Content-Type is malformed|RFC 2046 does not allow/],
  ['Multiple boundary parameters in C-T', /more than one boundary/],
  ['Boundary not found in C-T', /has no boundary/],
]
const payloadErrors: readonly (readonly [theirs: string, ours: RegExp])[] = [
  // With a boundary that is not one, nothing of the payload is taken for a part.
  [
    'Multipart parsing error: Multipart: No boundaries found in payload.',
    /boundary is nowhere in the body|in the Content-Type is malformed|RFC 2046 does not allow/,
  ],
  ['Skipping request argument, over limit', /more than \d+ arguments/],
  ['Multipart parsing error: Multipart: Final boundary missing.', /final boundary is missing/],
  ['Multipart: Part missing Content-Disposition header.', /no Content-Disposition with a name/],
  ['Multipart: Content-Disposition header missing name field.', /no Content-Disposition with a name/],
  ['Multipart: Invalid Content-Disposition header (-1).', /Content-Disposition is (?:malformed|not form-data)/],
  ['Multipart: Invalid Content-Disposition header (-16).', /parameter filename\*/],
  ['Multipart: Invalid Content-Disposition header (-17).', /parameter filename\*/],
  ['Multipart: Invalid Content-Disposition header (-18).', /parameter filename\*/],
  ['Multipart: Warning: no filename= but filename*', /parameter filename\*/],
  ['Multipart: Duplicate Content-Disposition name', /more than one name/],
  ['Multipart: Invalid part header (header name missing).', /part header is malformed/],
  ['Multipart: Invalid part header (contains invalid character).', /part header is malformed/],
  ['XML parsing error: XML: Failed parsing document.', /^XML/],
  ['JSON parsing error: ', /^JSON/],
]
const multipartFlags: readonly (readonly [variable: string, theirs: string])[] = [
  ['MULTIPART_BOUNDARY_WHITESPACE', 'Multipart: Warning: boundary whitespace in C-T header.'],
  ['MULTIPART_BOUNDARY_QUOTED', 'Multipart: Warning: boundary was quoted.'],
  ['MULTIPART_DATA_BEFORE', 'Multipart: Warning: seen data before first boundary.'],
  ['MULTIPART_DATA_AFTER', 'Multipart: Warning: seen data after last boundary.'],
  ['MULTIPART_HEADER_FOLDING', 'Multipart: Warning: header folding used.'],
  ['MULTIPART_CRLF_LF_LINES', 'Multipart: Warning: mixed line endings used (CRLF/LF).'],
  ['MULTIPART_LF_LINE', 'Multipart: Warning: incorrect line endings used (LF).'],
  ['MULTIPART_MISSING_SEMICOLON', 'Multipart: Warning: missing semicolon in C-T header.'],
  ['MULTIPART_INVALID_QUOTING', 'Multipart: Warning: invalid quoting used.'],
  ['MULTIPART_INVALID_HEADER_FOLDING', 'Multipart: Warning: invalid header folding used.'],
  ['MULTIPART_FILE_LIMIT_EXCEEDED', 'Multipart: Upload file limit exceeded.'],
]

function tellMultipart(observation: Observation): string[] {
  const [error = ''] = observedValues(observation, 'REQBODY_ERROR_MSG')
  const said = (errors: typeof payloadErrors): string[] =>
    errors.filter(([, ours]) => ours.test(error)).map(([theirs]) => theirs)
  const flags = multipartFlags.filter(([variable]) => observedValues(observation, variable)[0] === '1')
  const isTolerated = error === '' && /boundary=[^;]*;\s*\w/.test(observation.contentType)
  return [
    ...(isTolerated ? ['Multipart: Invalid parameter after boundary in C-T (tolerated).'] : []),
    ...said(contentTypeErrors),
    ...flags.map(([, theirs]) => theirs),
    ...said(payloadErrors),
  ]
}

function tellArguments(observation: Observation): string[] {
  const { values, requestBody } = observation
  const files = observedValues(observation, 'FILES_TMP_CONTENT')
  return [
    ...values.flatMap(({ variable, value }) => {
      const found = /^ARGS_(GET|POST):(.*)$/s.exec(variable)
      if (found === null) return []
      const place = found[1] === 'GET' ? 'GET' : 'BODY'
      return [
        `Multipart: Content-Disposition name: ${found[2]}.`,
        `Multipart: Added data to variable: ${value}`,
        `Adding request argument (${place}): name "${found[2]}", value "${value}"`,
      ]
    }),
    ...values
      .filter(({ variable }) => variable.startsWith('FILES:'))
      .map(({ variable, value }, index) => {
        const content = files[index] ?? ''
        const place = `(offset ${requestBody.indexOf(`\n${content}\r\n--`) + 1}, length ${content.length})`
        return `Multipart: Added file part to the list: name "${variable.slice(6)}" file name "${value}" ${place}`
      }),
  ]
}

function tellResponseBody(observation: Observation): string[] {
  if (observation.isResponseInspected) return []
  const [type = ''] = observedValues(observation, 'RESPONSE_CONTENT_TYPE')
  return [`Response Content-Type is ${type.split(';', 1)[0]}. It is not marked to be inspected.`]
}

function tellRules({ trace, matched: matchedIds }: Outcome, observation: Observation): string[] {
  const lines: string[] = []
  for (const [index, event] of trace.entries()) {
    const { ruleId, variable, value, matched, operator, steps, captures } = event
    const isSameRule = (other: typeof event | undefined): boolean =>
      other?.ruleId === ruleId &&
      other.operator.label === operator.label &&
      other.operator.argument === operator.argument
    if (!isSameRule(trace[index - 1])) {
      const label = `${operator.negated ? '!' : ''}${operator.label}`
      const [collection] = variable.split(':')
      lines.push(
        `(Rule: ${ruleId}) Executing operator "${label}" with param "${operator.argument}" against ${collection}.`,
      )
    }
    for (const step of steps) {
      // Rules may spell a transformation in any case.
      for (const name of [step.name, step.name.toLowerCase()]) lines.push(` T (0) t:${name}: "${step.value}"`)
    }
    for (const name of [variable, storedName(variable, observation)]) {
      lines.push(` Target value: "${value}" (Variable: ${name})`)
    }
    for (const [number, text] of captures.entries()) {
      const what = operator.label === 'Rx' ? `regex subexpression TX.${number}` : `${operator.label} match TX.${number}`
      if (text !== undefined) lines.push(`Added ${what}: ${text}`)
    }
    if (!isSameRule(trace[index + 1]) || matched) lines.push(`Rule returned ${matched ? 1 : 0}.`)
  }
  return [...lines, ...tellIdleRules({ trace, matched: matchedIds }, observation)]
}

/** Rules that had nothing to look at. */
function tellIdleRules({ trace, matched }: Pick<Outcome, 'trace' | 'matched'>, { rules }: Observation): string[] {
  const ids = [...rules.matchAll(/\bid:'?(\d+)/g)].map(([, id]) => Number(id))
  const idle = ids.filter((id) => !matched.includes(id) && !trace.some(({ ruleId }) => ruleId === id))
  return idle.map((id) => `(Rule: ${id}) Rule returned 0.`)
}

/** As ModSecurity keeps a member of a collection that outlives its transaction: `IP:key::application::name`. */
function storedName(variable: string, observation: Observation): string {
  const [collection = '', member] = variable.split(':')
  const [key] = observedValues(observation, `${collection}:KEY`)
  const [application = ''] = observedValues(observation, 'WEBAPPID')
  return key === undefined || member === undefined ? variable : `${collection}:${key}::${application}::${member}`
}

function tellCollections({ values }: Observation): string[] {
  return values
    .filter(({ variable }) => /^(?:TX|IP|GLOBAL|SESSION|USER|RESOURCE):/.test(variable))
    .map(({ variable, value }) => `Saving variable: ${variable} with value: ${value}`)
}

function tellMessages({ lines }: Outcome): string[] {
  const fields = lines.flatMap((line) => [...line.matchAll(/\[(msg|tag|data) "((?:[^"\\]|\\.)*)"\]/g)])
  const names: Readonly<Record<string, string>> = { msg: 'Saving msg', tag: 'Rule tag', data: 'Saving data' }
  return fields.map(([, field = '', text]) => `${names[field]}: ${text}`)
}
