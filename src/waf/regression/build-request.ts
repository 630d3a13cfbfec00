import { expandTemplate } from './data-template.ts'
import { escapeForm } from './escape-form.ts'
import type { TestBody, TestHeader, TestMessage } from './test-case.ts'

export type BuiltRequest =
  | { readonly kind: 'request'; readonly bytes: Buffer }
  | { readonly kind: 'unbuildable'; readonly reason: string }

/** A test for POST, PATCH …, or for any method that holds one of these words: as go-ftw looks for it. */
const methodWithBody = /^POST|PUT|PATCH|DELETE$/

/**
 * The bytes that go-ftw would send for a stage: fields in their order, nothing checked, since tests send what is broken on
 * purpose. A form that holds no escape is escaped; line feeds of a multipart body become CR LF; then Connection and
 * Content-Length are added where they are missing.
 */
export function buildRequest(message: TestMessage): BuiltRequest {
  if (message.kind === 'encoded') return { kind: 'request', bytes: message.bytes }
  const data = readBody(message.body)
  if (data === undefined) return { kind: 'unbuildable', reason: 'data holds a template that is not known' }
  const headers = [...message.headers]
  let body = data
  if (message.completion === 'complete') body = completeType(headers, body)
  if (valuesOf(headers, 'content-type').some((value) => value.toLowerCase().includes('multipart/form-data;'))) {
    body = Buffer.from(body.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
  }
  if (message.completion === 'complete') completeLength(headers, body, message.method)
  const fields = headers.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  const head = `${message.method} ${message.uri} ${message.version}\r\n${fields}\r\n`
  return { kind: 'request', bytes: Buffer.concat([Buffer.from(head), body]) }
}

function readBody(body: TestBody): Buffer | undefined {
  switch (body.kind) {
    case 'none':
      return Buffer.alloc(0)
    case 'bytes':
      return body.bytes
    case 'template': {
      const text = expandTemplate(body.text)
      return text === undefined ? undefined : Buffer.from(text)
    }
  }
  return body satisfies never
}

function completeType(headers: TestHeader[], body: Buffer): Buffer {
  if (body.length === 0) return body
  const form = 'application/x-www-form-urlencoded'
  if (valuesOf(headers, 'content-type').length === 0) headers.push({ name: 'Content-Type', value: form })
  return valuesOf(headers, 'content-type').some((value) => value.toLowerCase() === form) ? escapeForm(body) : body
}

function completeLength(headers: TestHeader[], body: Buffer, method: string): void {
  if (valuesOf(headers, 'connection').length === 0) headers.push({ name: 'Connection', value: 'close' })
  if (valuesOf(headers, 'content-length').length > 0) return
  if (body.length > 0 || methodWithBody.test(method)) {
    headers.push({ name: 'Content-Length', value: String(body.length) })
  }
}

function valuesOf(headers: readonly TestHeader[], lowerName: string): string[] {
  return headers.filter(({ name }) => name.toLowerCase() === lowerName).map(({ value }) => value)
}
