import { findHeader } from '../../http.ts'
import { pairs } from '../request-parts.ts'
import type { TransactionState } from '../transaction-state.ts'
import { namesOf } from './headers.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'

export const responseStatus = scalarVariable('RESPONSE_STATUS', 5, statusOf)
export const status = scalarVariable('STATUS', 5, statusOf)
/** The status, as in ModSecurity 3. */
export const statusLine = scalarVariable('STATUS_LINE', 5, statusOf)
export const responseProtocol = scalarVariable('RESPONSE_PROTOCOL', 3, ({ response }) => response?.head.protocol)
export const responseBody = scalarVariable('RESPONSE_BODY', 4, ({ response }) => response?.body)

export const responseContentType = scalarVariable('RESPONSE_CONTENT_TYPE', 3, ({ response }) => {
  return response && (findHeader(response.head.headers, 'content-type') ?? '')
})

export const responseContentLength = scalarVariable('RESPONSE_CONTENT_LENGTH', 4, ({ response }) => {
  return response && (response.body?.length ?? findHeader(response.head.headers, 'content-length') ?? 0)
})

export const outboundDataError = scalarVariable('OUTBOUND_DATA_ERROR', 4, ({ response }) => {
  return response?.truncated === true ? 1 : 0
})

export const responseHeaders: VariableWord = {
  name: 'RESPONSE_HEADERS',
  shape: 'collection',
  settled: 3,
  read: ({ response, cells }) =>
    response === undefined ? [] : pairs(response.head.headers, 'RESPONSE_HEADERS', cells),
}

export const responseHeadersNames = namesOf('RESPONSE_HEADERS_NAMES', responseHeaders)

/** The origin's; in phase 5 that of the answer which a rule gave instead. */
function statusOf({ response, interruption, phase }: TransactionState): number | undefined {
  const isOwn = phase === 5 && (interruption?.kind === 'block' || interruption?.kind === 'redirect')
  return isOwn ? interruption.status : response?.head.status
}
