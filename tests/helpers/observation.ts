import { findHeader } from '../../src/http.ts'
import { type Outcome, run, type TestRequest, type TestResponse } from './rule-engine.ts'

/** What variables hold at the end of an exchange, and what is known about it besides. */
export interface Observation {
  readonly rules: string
  readonly contentType: string
  readonly requestBody: string
  readonly isResponseInspected: boolean
  readonly values: readonly { readonly variable: string; readonly value: string }[]
}

const OBSERVER = 4_000_000_001

/** Without those whose mere mention changes what the engine does (REQBODY_ERROR). */
const observed = [
  ...['ARGS_GET', 'ARGS_POST', 'FILES', 'FILES_NAMES', 'FILES_SIZES', 'FILES_TMP_CONTENT'],
  ...['REQUEST_BODY_LENGTH', 'REQBODY_ERROR_MSG', 'RESPONSE_CONTENT_TYPE', 'RESPONSE_BODY', 'WEBAPPID'],
  ...['MULTIPART_BOUNDARY_WHITESPACE', 'MULTIPART_BOUNDARY_QUOTED', 'MULTIPART_DATA_BEFORE', 'MULTIPART_DATA_AFTER'],
  ...['MULTIPART_HEADER_FOLDING', 'MULTIPART_CRLF_LF_LINES', 'MULTIPART_LF_LINE', 'MULTIPART_MISSING_SEMICOLON'],
  ...['MULTIPART_INVALID_QUOTING', 'MULTIPART_INVALID_HEADER_FOLDING', 'MULTIPART_FILE_LIMIT_EXCEEDED'],
  ...['TX', 'IP', 'GLOBAL', 'SESSION', 'USER', 'RESOURCE'],
]

/** Runs an exchange with one more rule, which looks at everything in phase 5, changes nothing and is left out of the outcome. */
export async function runObserved(
  rules: string,
  request: TestRequest,
  response: TestResponse,
): Promise<{ outcome: Outcome; observation: Observation }> {
  const observer = `SecRule ${observed.join('|')} "@unconditionalMatch" "id:${OBSERVER},phase:5,pass,nolog"`
  const { trace, ...rest } = await run(`${observer}\n${rules}`, request, response)
  const values = trace.filter(({ ruleId }) => ruleId === OBSERVER)
  return {
    outcome: { ...rest, trace: trace.filter(({ ruleId }) => ruleId !== OBSERVER) },
    observation: {
      rules,
      contentType: findHeader(request.headers ?? [], 'content-type') ?? '',
      requestBody: request.body ?? '',
      isResponseInspected: values.some(({ variable }) => variable === 'RESPONSE_BODY'),
      values,
    },
  }
}

export function observedValues({ values }: Observation, variable: string): string[] {
  return values
    .filter((seen) => seen.variable === variable || seen.variable.split(':', 1)[0] === variable)
    .map(({ value }) => value)
}
