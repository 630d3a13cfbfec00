import type { AcmeResponse } from './transport.ts'

/** The addresses of a relation in Link fields (RFC 8288): `<url>;rel="alternate"`, several in one field or in several. */
export function linksOf({ headers }: AcmeResponse, relation: string, base: string): string[] {
  const links = (headers.link ?? '').matchAll(/<([^>]*)>([^,<]*(?:"[^"]*"[^,<]*)*)/g)
  const isMeant = new RegExp(`;\\s*rel="?${relation}"?\\s*(;|$)`, 'i')
  return [...links].flatMap(([, url = '', parameters = '']) =>
    isMeant.test(parameters.trim()) && URL.canParse(url, base) ? [new URL(url, base).href] : [],
  )
}
