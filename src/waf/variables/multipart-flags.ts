import type { MultipartFlags } from '../bodies/body-parser.ts'
import { scalarVariable } from './scalar.ts'
import type { VariableWord } from './variable.ts'

/** Oddities that make a multipart body mean different things to different parsers. */
const strict: readonly (keyof MultipartFlags)[] = [
  'boundaryQuoted',
  'boundaryWhitespace',
  'dataBefore',
  'dataAfter',
  'headerFolding',
  'lfLine',
  'missingSemicolon',
  'invalidQuoting',
  'invalidPart',
  'invalidHeaderFolding',
  'fileLimitExceeded',
  'finalBoundaryMissing',
]

export const multipartStrictError = scalarVariable('MULTIPART_STRICT_ERROR', 2, ({ requestBody }) => {
  const { multipart, error } = requestBody.parsed
  if (multipart === undefined) return requestBody.parsedBy === 'MULTIPART' && error !== undefined ? 1 : 0
  return error !== undefined || strict.some((name) => multipart[name]) ? 1 : 0
})

/** 1: something could be taken for the boundary and is not; 2: a line begins with two dashes, as content may. */
export const multipartUnmatchedBoundary = scalarVariable('MULTIPART_UNMATCHED_BOUNDARY', 2, ({ requestBody }) => {
  const { multipart } = requestBody.parsed
  if (multipart?.unmatchedBoundary === true) return 1
  return multipart?.dashedLine === true ? 2 : 0
})
export const multipartBoundaryQuoted = flagVariable('MULTIPART_BOUNDARY_QUOTED', 'boundaryQuoted')
export const multipartBoundaryWhitespace = flagVariable('MULTIPART_BOUNDARY_WHITESPACE', 'boundaryWhitespace')
export const multipartDataBefore = flagVariable('MULTIPART_DATA_BEFORE', 'dataBefore')
export const multipartDataAfter = flagVariable('MULTIPART_DATA_AFTER', 'dataAfter')
export const multipartHeaderFolding = flagVariable('MULTIPART_HEADER_FOLDING', 'headerFolding')
export const multipartLfLine = flagVariable('MULTIPART_LF_LINE', 'lfLine')
export const multipartCrlfLfLines = flagVariable('MULTIPART_CRLF_LF_LINES', 'crlfLfLines')
export const multipartMissingSemicolon = flagVariable('MULTIPART_MISSING_SEMICOLON', 'missingSemicolon')
/** The manual has both spellings. */
export const multipartSemicolonMissing = flagVariable('MULTIPART_SEMICOLON_MISSING', 'missingSemicolon')
export const multipartInvalidQuoting = flagVariable('MULTIPART_INVALID_QUOTING', 'invalidQuoting')
export const multipartInvalidPart = flagVariable('MULTIPART_INVALID_PART', 'invalidPart')
export const multipartInvalidHeaderFolding = flagVariable('MULTIPART_INVALID_HEADER_FOLDING', 'invalidHeaderFolding')
export const multipartFileLimitExceeded = flagVariable('MULTIPART_FILE_LIMIT_EXCEEDED', 'fileLimitExceeded')

function flagVariable(name: string, flag: keyof MultipartFlags): VariableWord {
  return scalarVariable(name, 2, ({ requestBody }) => (requestBody.parsed.multipart?.[flag] === true ? 1 : 0))
}
