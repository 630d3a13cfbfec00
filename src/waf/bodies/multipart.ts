import type { Argument, BodyLimits, MultipartFlags, ParsedBody, PartPlace, UploadedFile } from './body-parser.ts'
import { parseBoundary } from './multipart-boundary.ts'
import { type Findings, noteLineEnd, type PartHead, readPartHead } from './multipart-part.ts'

/**
 * Fields and files of a multipart/form-data body (RFC 7578). Whatever parsers are known to read differently is flagged or
 * an error; what could be read is returned all the same, so that rules see it.
 */
export function parseMultipart(body: string, contentType: string, limits: BodyLimits): ParsedBody {
  const boundary = parseBoundary(contentType)
  const flags = { ...noFlags, boundaryQuoted: boundary.isQuoted, boundaryWhitespace: boundary.hasWhitespace }
  const findings: Findings = { flags, sawCrlf: false, errors: [] }
  if (boundary.error !== undefined) {
    return { arguments: [], files: [], partHeaders: [], multipart: flags, error: `multipart: ${boundary.error}` }
  }
  const delimiters = findDelimiters(body, boundary.text, { limits, findings })
  checkFrame(body, delimiters, findings)
  flags.dashedLine = countDashedLines(body) > delimiters.length
  // Where the end is missing, such a line may have been meant as it.
  const isUnmatched = hasLookAlike(body, boundary.text, delimiters.length)
  flags.unmatchedBoundary = isUnmatched || (flags.dashedLine && flags.finalBoundaryMissing)
  const parts = readParts(body, delimiters, { limits, findings })
  flags.crlfLfLines = findings.sawCrlf && flags.lfLine
  return { ...parts, multipart: flags, error: describeErrors(findings.errors) }
}

/** More would only make REQBODY_ERROR_MSG long. */
const MOST_ERRORS = 4

function describeErrors(errors: readonly string[]): string | undefined {
  return errors.length === 0 ? undefined : `multipart: ${[...new Set(errors)].slice(0, MOST_ERRORS).join('; ')}`
}

const noFlags: MultipartFlags = {
  boundaryQuoted: false,
  boundaryWhitespace: false,
  dataBefore: false,
  dataAfter: false,
  headerFolding: false,
  lfLine: false,
  crlfLfLines: false,
  missingSemicolon: false,
  invalidQuoting: false,
  invalidPart: false,
  invalidHeaderFolding: false,
  fileLimitExceeded: false,
  unmatchedBoundary: false,
  dashedLine: false,
  finalBoundaryMissing: false,
}

/** A boundary line. */
interface Delimiter {
  /** Where its dashes begin, and where the text before it ends: the line end in front belongs to the boundary. */
  readonly start: number
  readonly contentEnd: number
  /** After its line end. */
  readonly end: number
  readonly isFinal: boolean
}

interface Context {
  readonly limits: BodyLimits
  readonly findings: Findings
}

/** Not more than the limits allow parts, and one: readParts reports what is beyond. */
function findDelimiters(body: string, boundary: string, { limits, findings }: Context): Delimiter[] {
  const countLimit = limits.argumentCount + limits.fileCount + 2
  const found: Delimiter[] = []
  const dashes = `--${boundary}`
  for (let start = body.indexOf(dashes); start !== -1; start = body.indexOf(dashes, start + dashes.length)) {
    const delimiter = readDelimiter(body, start, { length: dashes.length, findings })
    if (delimiter === undefined) continue
    found.push(delimiter)
    if (delimiter.isFinal || found.length >= countLimit) break
  }
  return found
}

/** `undefined` where the boundary's text is not a line of its own. */
function readDelimiter(
  body: string,
  start: number,
  { length, findings }: { length: number; findings: Findings },
): Delimiter | undefined {
  if (start > 0 && body[start - 1] !== '\n') return undefined
  const rest = /(--)?([\t ]*)(\r?\n|$)/y
  rest.lastIndex = start + length
  const match = rest.exec(body)
  if (match === null) return undefined
  const [text, final, padding, lineEnd] = match
  if (padding !== '') findings.errors.push('white space follows a boundary')
  const end = start + length + text.length
  if (lineEnd !== '') noteLineEnd(body, end - 1, findings)
  const contentEnd = start === 0 ? 0 : noteLineEnd(body, start - 1, findings)
  return { start, contentEnd, end, isFinal: final !== undefined }
}

function checkFrame(body: string, delimiters: readonly Delimiter[], { flags, errors }: Findings): void {
  const first = delimiters[0]
  const last = delimiters.at(-1)
  if (first === undefined || last === undefined) {
    flags.dataBefore = true
    flags.finalBoundaryMissing = true
    errors.push('the boundary is nowhere in the body')
    return
  }
  if (first.start > 0) flags.dataBefore = true
  if (last.isFinal) flags.dataAfter = last.end < body.length
  else {
    flags.finalBoundaryMissing = true
    errors.push('the final boundary is missing')
  }
}

/**
 * Whether the body has something else that a lenient parser could take for the boundary: in other case, with fewer or more
 * dashes, after a bare CR, followed by more text.
 */
function hasLookAlike(body: string, boundary: string, delimiterCount: number): boolean {
  const core = `--${boundary.replace(/^-+/, '')}`.toLowerCase()
  if (core === '--') return false
  const lowered = body.toLowerCase()
  let count = 0
  for (let at = lowered.indexOf(core); at !== -1; at = lowered.indexOf(core, at + core.length)) count++
  return count > delimiterCount
}

function countDashedLines(body: string): number {
  let count = body.startsWith('--') ? 1 : 0
  for (let at = body.indexOf('\n--'); at !== -1; at = body.indexOf('\n--', at + 3)) count++
  return count
}

interface Parts {
  readonly arguments: Argument[]
  readonly files: UploadedFile[]
  readonly partHeaders: Argument[]
}

function readParts(body: string, delimiters: readonly Delimiter[], { limits, findings }: Context): Parts {
  const parts: Parts = { arguments: [], files: [], partHeaders: [] }
  for (const [i, delimiter] of delimiters.entries()) {
    if (delimiter.isFinal) break
    const end = Math.max(delimiter.end, delimiters[i + 1]?.contentEnd ?? body.length)
    const head = readPartHead(body, delimiter.end, { end, findings })
    if (parts.arguments.length >= limits.argumentCount) {
      findings.errors.push(`more than ${limits.argumentCount} arguments`)
      break
    }
    if (parts.files.length >= limits.fileCount && isFile(head)) {
      findings.flags.fileLimitExceeded = true
      continue
    }
    const place = { headOffset: delimiter.end, contentOffset: head.contentStart }
    addPart(parts, head, { place, content: body.slice(head.contentStart, end) })
  }
  return parts
}

function addPart(parts: Parts, head: PartHead, { place, content }: { place: PartPlace; content: string }): void {
  const { lines, disposition: { name = '', fileName = '' } = {} } = head
  for (const line of lines) parts.partHeaders.push({ name, value: line })
  if (!isFile(head)) parts.arguments.push({ name, value: content, place })
  else parts.files.push({ field: name, fileName, sizeBytes: content.length, content, place })
}

/** With an empty file name it is a field: some programs take it as one, and the content of files is looked at less. */
function isFile({ disposition }: PartHead): boolean {
  return disposition?.fileName !== undefined && disposition.fileName !== ''
}
