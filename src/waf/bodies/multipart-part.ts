import type { MultipartFlags } from './body-parser.ts'
import { type Disposition, parseDisposition } from './content-disposition.ts'
import { isReadableCharset } from './readable-charset.ts'

/** What a part of a multipart body says about itself, and where its content begins. */
export interface PartHead {
  /** Whole header lines, folded ones joined. */
  readonly lines: readonly string[]
  readonly disposition: Disposition | undefined
  readonly contentStart: number
}

/** The reader's findings, collected part by part. */
export interface Findings {
  readonly flags: { -readonly [Name in keyof MultipartFlags]: boolean }
  /** Line ends seen in headers and at boundaries. */
  sawCrlf: boolean
  errors: string[]
}

/** Folded lines included; longer ones are not taken apart. */
const lineBytesLimit = 4096
/** A form's part has two or three; thousands would only cost time. */
const lineCountLimit = 64

/** Reads the header lines that begin at `start`, up to the empty line or to `end`. */
export function readPartHead(
  body: string,
  start: number,
  { end, findings }: { end: number; findings: Findings },
): PartHead {
  const lines: string[] = []
  let position = start
  for (;;) {
    const newline = body.indexOf('\n', position)
    if (newline === -1 || newline >= end) {
      findings.errors.push('a part has no empty line after its headers')
      addLine(lines, body.slice(position, end), findings)
      position = end
      break
    }
    const line = body.slice(position, noteLineEnd(body, newline, findings))
    position = newline + 1
    if (line === '') break
    addLine(lines, line, findings)
    if (lines.length > lineCountLimit) {
      findings.errors.push(`a part has more than ${lineCountLimit} headers`)
      break
    }
  }
  return { lines, disposition: checkHeaders(lines, findings), contentStart: position }
}

/** Records how a line ends and returns where its text does. */
export function noteLineEnd(body: string, newline: number, findings: Findings): number {
  if (body[newline - 1] === '\r') {
    findings.sawCrlf = true
    return newline - 1
  }
  findings.flags.lfLine = true
  return newline
}

function addLine(lines: string[], line: string, findings: Findings): void {
  if (!/^\s/.test(line)) {
    lines.push(line)
    return
  }
  // RFC 7230 §3.2.4 made folding obsolete; parsers differ in how they join the lines.
  findings.flags.headerFolding = true
  if (!/^[\t ]/.test(line)) findings.flags.invalidHeaderFolding = true
  const last = lines.pop()
  if (last === undefined) findings.errors.push('a part begins with a folded header')
  lines.push(`${last ?? ''}${line}`)
}

function checkHeaders(lines: readonly string[], findings: Findings): Disposition | undefined {
  const seen = new Set<string>()
  let disposition: Disposition | undefined
  for (const line of lines) {
    if (line.length > lineBytesLimit) {
      findings.errors.push('a part header is too long')
      continue
    }
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):/.exec(line)
    const name = match?.[1]?.toLowerCase()
    if (name === undefined || line.includes('\0')) {
      findings.errors.push('a part header is malformed')
      continue
    }
    if (seen.has(name)) findings.errors.push(`a part has more than one ${name}`)
    seen.add(name)
    const value = line.slice(name.length + 1)
    if (name === 'content-disposition') disposition ??= parseDisposition(value)
    const hidden = findHidingHeader(name, value)
    if (hidden !== undefined) findings.errors.push(hidden)
  }
  noteDisposition(disposition, findings)
  return disposition
}

/** Some origins follow these, others do not: what a part means to the former does not show in its bytes. */
function findHidingHeader(lowerName: string, value: string): string | undefined {
  if (lowerName === 'content-type') {
    if (!isReadableCharset(value)) return 'a part has a character set that cannot be inspected'
    return /^\s*multipart\//i.test(value) ? 'a part has parts of its own' : undefined
  }
  const isEncoded = lowerName === 'content-transfer-encoding' && !/^\s*(?:7bit|8bit|binary)\s*$/i.test(value)
  return isEncoded || lowerName === 'content-encoding' ? `a part has a ${lowerName}` : undefined
}

function noteDisposition(disposition: Disposition | undefined, { flags, errors }: Findings): void {
  if (disposition?.error !== undefined) errors.push(disposition.error)
  if (disposition?.name === undefined) {
    flags.invalidPart = true
    errors.push('a part has no Content-Disposition with a name')
  }
  if (disposition === undefined) return
  if (disposition.missingSemicolon) flags.missingSemicolon = true
  if (disposition.invalidQuoting) flags.invalidQuoting = true
}
