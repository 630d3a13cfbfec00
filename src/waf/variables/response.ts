import { findHeader } from '../../http.ts'
import { pairs } from '../request-parts.ts'
import { namesOf } from './headers.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'

export const responseStatus = scalarVariable('RESPONSE_STATUS', 3, ({ response }) => response?.head.status)
export const status = scalarVariable('STATUS', 3, ({ response }) => response?.head.status)
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
  read: ({ response }) => (response === undefined ? [] : pairs(response.head.headers, 'RESPONSE_HEADERS')),
}

export const responseHeadersNames = namesOf('RESPONSE_HEADERS_NAMES', responseHeaders)
