import { randomFillSync } from 'node:crypto'
import type { BenchRequest } from './bench-request.ts'
import { postRequest } from './post.ts'
import type { Values } from './values.ts'

/** A form with one file of this size in it, which is new, too. */
export function uploadRequest(values: Values, bytes: number): BenchRequest {
  const boundary = `----form${values.letters(16)}`
  const file = randomFillSync(Buffer.alloc((bytes * 3) / 4)).toString('base64')
  const part = (disposition: string, body: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${body}\r\n`
  const fileHead = `name="file"; filename="${values.name()}.txt"\r\nContent-Type: text/plain`
  const body = `${part('name="title"', values.words(4))}${part(fileHead, file)}--${boundary}--\r\n`
  return postRequest(values, { type: `multipart/form-data; boundary=${boundary}`, body })
}
