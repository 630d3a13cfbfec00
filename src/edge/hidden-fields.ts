import { findHeader, type RawHeaders } from '../http.ts'

/**
 * What a further field of a form, or the line before a part, takes at the least. Compressed bytes have runs of text by
 * chance: one of this length with such signs in it once in 20 MB.
 */
const textRun = /[\t\x20-\x7e]{12,}/g
const fieldSigns = { form: /&[^&=]*=/, multipart: /--|name=/ } as const
/** Bytes around a block that was stored as it is may look like text, too. */
const EDGE_BYTES = 8

/**
 * Whether a compressed form holds text in the clear that its content does not have: many origins ignore Content-Encoding in
 * requests and would read `&a=attack&` out of a comment of gzip or a skipped block of Brotli, where the WAF does not see
 * it. Bytes of a document that is compressed are no document to such an origin.
 */
export function hidesFields(coded: Buffer, content: Buffer, headers: RawHeaders): boolean {
  const type = findHeader(headers, 'content-type') ?? ''
  const kind = /multipart\//i.test(type) ? 'multipart' : /x-www-form-urlencoded/i.test(type) ? 'form' : undefined
  if (kind === undefined) return false
  for (const [text] of coded.toString('latin1').matchAll(textRun)) {
    if (fieldSigns[kind].test(text) && !isStored(text, content)) return true
  }
  return false
}

function isStored(text: string, content: Buffer): boolean {
  for (let before = 0; before <= EDGE_BYTES; before++) {
    for (let after = 0; before + after <= EDGE_BYTES; after++) {
      if (content.includes(text.slice(before, text.length - after), 0, 'latin1')) return true
    }
  }
  return false
}
