import { scalarVariable } from './scalar.ts'
import { xmlVariable } from './xml.ts'

const invalidEscape = /%(?![0-9a-fA-F]{2})/

export const requestBody = scalarVariable('REQUEST_BODY', 2, (state) => state.requestBody.variable)
export const requestBodyLength = scalarVariable('REQUEST_BODY_LENGTH', 2, (state) => state.requestBody.raw.length)
/** Changes within phase 1, when ctl:requestBodyProcessor is said. */
export const reqbodyProcessor = scalarVariable('REQBODY_PROCESSOR', 'never', (state) => state.requestBody.processor)

export const reqbodyError = scalarVariable('REQBODY_ERROR', 2, (state) => flag(state.requestBody.parsed.error))
export const reqbodyErrorMsg = scalarVariable('REQBODY_ERROR_MSG', 2, (state) => state.requestBody.parsed.error ?? '')
export const reqbodyProcessorError = scalarVariable('REQBODY_PROCESSOR_ERROR', 2, (state) =>
  flag(state.requestBody.parsed.error),
)
export const reqbodyProcessorErrorMsg = scalarVariable(
  'REQBODY_PROCESSOR_ERROR_MSG',
  2,
  (state) => state.requestBody.parsed.error ?? '',
)

/** 1 when the query string, or a form body, has a `%` without two hexadecimal digits: decoders disagree about those. */
export const urlencodedError = scalarVariable('URLENCODED_ERROR', 2, ({ request, requestBody }) => {
  const body = requestBody.parsedBy === 'URLENCODED' ? requestBody.raw : ''
  return invalidEscape.test(request.queryString) || invalidEscape.test(body) ? 1 : 0
})

/** 1 when the request body was longer than SecRequestBodyLimit and only its beginning was inspected. */
export const inboundDataError = scalarVariable('INBOUND_DATA_ERROR', 2, (state) =>
  state.requestBody.truncated ? 1 : 0,
)

export const fullRequest = scalarVariable('FULL_REQUEST', 2, (state) => {
  const { input, requestBody } = state
  let head = `${input.method} ${input.target} ${input.protocol}\n`
  for (const { key, cell } of state.request.headers) head += `${key}: ${cell.raw}\n`
  return `${head}\n${requestBody.raw}`
})

export const fullRequestLength = scalarVariable('FULL_REQUEST_LENGTH', 2, (state) => {
  return state.read(fullRequest)[0]?.cell.raw.length
})

export const xml = xmlVariable('XML', 2, ({ requestBody }) => requestBody.parsed.xml)
/** Coraza's other name for it. */
export const requestXml = xmlVariable('REQUEST_XML', 2, ({ requestBody }) => requestBody.parsed.xml)

function flag(error: string | undefined): number {
  return error === undefined ? 0 : 1
}
