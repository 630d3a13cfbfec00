import type { RawHeaders } from '../../http.ts'

/** A challenge request as a validator sends it. */
export interface CaRequest {
  readonly sender: string
  readonly host: string
  readonly target: string
  readonly headers: RawHeaders
}

/** What validators are known to send; some have neither Accept nor a User-Agent that anybody knows. */
export function caRequests(host: string, target: string): readonly CaRequest[] {
  return senders.map(({ sender, headers }) => ({ sender, host, target, headers: ['Host', host, ...headers] }))
}

const letsEncrypt = "Mozilla/5.0 (compatible; Let's Encrypt validation server; +https://www.letsencrypt.org)"

const senders = [
  {
    sender: "Let's Encrypt",
    headers: ['User-Agent', letsEncrypt, 'Accept', '*/*', 'Accept-Encoding', 'gzip', 'Connection', 'close'],
  },
  { sender: 'a Go client', headers: ['User-Agent', 'Go-http-client/1.1', 'Accept-Encoding', 'gzip'] },
  { sender: 'a client without User-Agent and Accept', headers: ['Connection', 'close'] },
]
