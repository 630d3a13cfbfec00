import type { BodyFraming } from '../http.ts'

/** What the strict reading of a request head found: enough to find the end of the message. */
export interface RequestHead {
  readonly kind: 'head'
  readonly framing: BodyFraming
}

/** Why a message is refused before it becomes a request. `reason` goes to the log, never to the client. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly status: number
  readonly reason: string
}

export interface HeadLimits {
  readonly headerBytes: number
  readonly headerCount: number
  readonly targetBytes: number
}

// RFC 9110 §5.6.2 token; RFC 9112 §3: one space between the parts, and no version but 1.0 and 1.1. A target may hold no
// control or high byte, no `#` (a fragment is never sent) and no raw `\` (origins read it as `/`, the WAF as itself).
const wholeHead =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!"$-[\]-~]+ HTTP\/1\.[01]\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n$/

/** Path, URL, `*`; CONNECT takes an authority with its port (RFC 9112 §3.2, RFC 9110 §9.3.6). */
const knownTargetForm = /^(?:[^ ]+ (?:\/|\* |https?:\/\/)|CONNECT [^ ]+:[0-9]{1,5} )/i

/** Fields that decide where the body ends; `_` aliases too, since CGI-like origins read `_` as `-`. */
const framingField = /\r\n(content[-_]length|transfer[-_]encoding):[\t ]*([^\r]*)/gi

/** Aliases that an origin may take for a field that the edge sets or relies on (Traefik CVE-2026-39858 is of this kind). */
const aliasField =
  /\r\n(?:content_length|transfer_encoding|content_type|x_real_ip|x[-_]forwarded_[^:\r]*|x_forwarded[-_][^:\r]*):/i

/**
 * Reads a complete head, from the request line to the empty line, as RFC 9112 demands and more strictly than Node's
 * parser: what is ambiguous is refused, so that two readers cannot disagree about where the message ends.
 */
export function readRequestHead(head: string, limits: HeadLimits): RequestHead | Refusal {
  const overflow = findOverflow(head, limits)
  if (overflow !== undefined) return overflow
  if (!wholeHead.test(head)) return refusal(400, describeFault(head))
  if (head.includes('_') && aliasField.test(head))
    return refusal(400, 'underscore alias of a framing or forwarding field')
  if (!knownTargetForm.test(head)) return refusal(400, 'target is neither a path nor a URL, nor host:port for CONNECT')
  const framing = readFraming(head)
  return framing.kind === 'refusal' ? framing : { kind: 'head', framing }
}

/**
 * Whether the version of the request line is empty: the sender speaks HTTP/0.9, where an answer has no status line
 * (RFC 1945 §4.1).
 */
export function hasEmptyVersion(head: string): boolean {
  return /^GET [^ \r\n]+ \r?\n/.test(head)
}

/** Whether a field name is an alias that is never forwarded. */
export function isAliasField(name: string): boolean {
  return aliasField.test(`\r\n${name}:`)
}

/** Whether the text may stand as a request target, whatever its form: the same bytes in HTTP/1 and HTTP/2. */
export function isTargetText(text: string): boolean {
  return /^[!"$-[\]-~]+$/.test(text)
}

export function refusal(status: number, reason: string): Refusal {
  return { kind: 'refusal', status, reason }
}

function findOverflow(head: string, limits: HeadLimits): Refusal | undefined {
  const lineEnd = head.indexOf('\r\n')
  if (lineEnd > limits.targetBytes) {
    const line = head.slice(0, lineEnd).split(' ')
    if ((line[1]?.length ?? 0) > limits.targetBytes) return refusal(414, 'target longer than limits.target_size')
  }
  if (head.length > limits.headerBytes) return refusal(431, 'head longer than limits.header_size')
  let count = -2 // the request line and the empty line are no fields
  for (let at = head.indexOf('\n'); at !== -1; at = head.indexOf('\n', at + 1)) count++
  return count > limits.headerCount ? refusal(431, 'more fields than limits.header_count') : undefined
}

function readFraming(head: string): BodyFraming | Refusal {
  let length: string | undefined
  let coding: string | undefined
  framingField.lastIndex = 0
  for (let match = framingField.exec(head); match !== null; match = framingField.exec(head)) {
    const value = (match[2] ?? '').trimEnd()
    if (match[1]?.charCodeAt(0) === 0x63 || match[1]?.charCodeAt(0) === 0x43) {
      if (length !== undefined) return refusal(400, 'more than one Content-Length')
      length = value
    } else {
      if (coding !== undefined) return refusal(400, 'more than one Transfer-Encoding')
      coding = value
    }
  }
  if (coding !== undefined) return readCoding(coding, length, head)
  return length === undefined ? { kind: 'none' } : readLength(length)
}

/** RFC 9112 §6.1: only a single final `chunked`; any other coding would hide the body from the WAF. */
function readCoding(coding: string, length: string | undefined, head: string): BodyFraming | Refusal {
  if (length !== undefined) return refusal(400, 'Content-Length and Transfer-Encoding together')
  if (coding.toLowerCase() !== 'chunked') return refusal(400, 'a Transfer-Encoding other than chunked')
  if (head.slice(0, head.indexOf('\r\n')).endsWith('1.0')) return refusal(400, 'Transfer-Encoding in HTTP/1.0')
  return { kind: 'chunked' }
}

function readLength(text: string): BodyFraming | Refusal {
  const bytes = /^[0-9]{1,19}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(bytes) ? { kind: 'length', bytes } : refusal(400, 'Content-Length is not a length')
}

/** Names the first fault of a head that is known to have one. */
function describeFault(head: string): string {
  if (/\r(?!\n)/.test(head)) return 'bare CR'
  if (/(?:^|[^\r])\n/.test(head)) return 'bare LF'
  const lines = head.split('\r\n')
  if (!/^\S+ [!"$-[\]-~]+ HTTP\/1\.[01]$/.test(lines[0] ?? '')) return 'malformed request line'
  const bad = lines.slice(1).find((line) => line !== '' && !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:/.test(line))
  if (bad !== undefined) return /^[\t ]/.test(bad) ? 'folded field line' : 'malformed field name'
  return 'control character in a field value'
}
