import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { version } from '../version.ts'

export interface AskOptions {
  /** The URL that decides; `domain=<name>` is added to its query. */
  readonly url: string
  readonly name: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Whether the operator's service wants a certificate for the name: 200 and nothing else allows. Redirects are not followed, and
 * TLS is verified. Rejects when there is no answer, which must not be taken for yes.
 */
export function askPermission({ url, name, timeoutMs, signal }: AskOptions): Promise<boolean> {
  const target = new URL(url)
  target.searchParams.set('domain', name)
  const options = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    headers: { 'user-agent': `acme-edge/${version}`, accept: '*/*' },
  }
  return new Promise((resolve, reject) => {
    const outgoing = target.protocol === 'https:' ? requestHttps(target, options) : requestHttp(target, options)
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      resolve(response.statusCode === 200)
      response.on('error', () => undefined) // only the status counts
      response.resume()
      response.on('end', () => outgoing.destroy())
    })
    outgoing.end()
  })
}
