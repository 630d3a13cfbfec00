import { type BenchRequest, pageResponse } from './bench-request.ts'
import { getRequest } from './get.ts'
import type { Values } from './values.ts'

/** A GET that a page of this size answers. */
export function pageRequest(values: Values, bytes: number): BenchRequest {
  return { ...getRequest(values), response: pageResponse(page(values, bytes)) }
}

/** The page shows what a database said: a leak that rules for responses have to find at its end. */
export function pageAttack(values: Values, bytes: number): BenchRequest {
  const leak =
    '<p>You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version</p>'
  return { ...getRequest(values), response: pageResponse(page(values, bytes).replace('</body>', `${leak}</body>`)) }
}

export function page(values: Values, bytes: number): string {
  const head = `<!DOCTYPE html>\n<html lang="en"><head><title>${values.name()}</title></head>\n<body>\n`
  const tail = '</body></html>\n'
  const paragraphs: string[] = []
  for (let size = head.length + tail.length; size < bytes; ) {
    const paragraph = `<p class="${values.name()}">${values.name()} ${values.words(12)}, ${values.words(8)}. <a href="/catalog/${values.digits(6)}">${values.name()}</a></p>\n`
    paragraphs.push(paragraph)
    size += paragraph.length
  }
  return head + paragraphs.join('') + tail
}
