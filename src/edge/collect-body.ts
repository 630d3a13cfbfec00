import type { Readable } from 'node:stream'
import type { BodySink, BodyStream } from '../http.ts'

export type Collected =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** More than the limit came; `bytes` are what there is, a little beyond it. The rest is still to be read. */
  | { readonly kind: 'beyond'; readonly bytes: Buffer }

/** Reads a request body up to a limit. Rejects with the stream's error. */
export function collectRequest(stream: Readable, limitBytes: number): Promise<Collected> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const stop = (collected: Collected) => {
      stream.pause()
      stream.removeAllListeners('data').removeAllListeners('end').removeAllListeners('error')
      resolve(collected)
    }
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > limitBytes) stop({ kind: 'beyond', bytes: Buffer.concat(chunks) })
    })
    stream.on('end', () =>
      stop({ kind: 'whole', bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }),
    )
    stream.on('error', reject)
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
