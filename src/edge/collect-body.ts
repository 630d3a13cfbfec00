import type { Readable } from 'node:stream'
import { EdgeError } from '../errors.ts'
import type { BodySink, BodyStream } from '../http.ts'

export type Collected =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** More than the limit came; `bytes` are what there is, a little beyond it. The rest is still to be read. */
  | { readonly kind: 'beyond'; readonly bytes: Buffer }

/** A body that failed before its end; `bytes` are what had come. */
export interface BrokenOff {
  readonly kind: 'broken'
  readonly bytes: Buffer
  readonly error: Error
}

/** Reads a request body up to a limit. */
export function collectRequest(stream: Readable, limitBytes: number): Promise<Collected | BrokenOff> {
  return new Promise((resolve) => {
    if (stream.destroyed) {
      const error = stream.errored ?? new EdgeError('ACME_EDGE_CLIENT_GONE', 'the body broke off')
      return resolve({ kind: 'broken', bytes: Buffer.alloc(0), error })
    }
    const chunks: Buffer[] = []
    let size = 0
    const stop = (kind: Collected['kind']) => {
      stream.pause()
      stream.off('data', take).off('end', end).off('error', fail)
      resolve({ kind, bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) })
    }
    const fail = (error: Error) => resolve({ kind: 'broken', bytes: Buffer.concat(chunks), error })
    const take = (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > limitBytes) stop('beyond')
    }
    const end = () => stop('whole')
    stream.on('data', take).on('end', end).on('error', fail)
  })
}

/** Reads a response body up to a limit; beyond it the stream waits for `pipe`. */
export function collectResponse(stream: BodyStream, limitBytes: number): Promise<Collected> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const sink: BodySink = {
      write(chunk) {
        chunks.push(chunk)
        size += chunk.length
        if (size <= limitBytes) return true
        resolve({ kind: 'beyond', bytes: Buffer.concat(chunks) })
        return false
      },
      end(last) {
        if (last !== undefined) chunks.push(last)
        size += last?.length ?? 0
        resolve({ kind: size > limitBytes ? 'beyond' : 'whole', bytes: Buffer.concat(chunks) })
      },
      fail: reject,
    }
    stream.pipe(sink)
  })
}
