import type { ListenAddress } from '../config/config.ts'
import { EdgeError } from '../errors.ts'

/** Why an address cannot be listened on, and what to do about it. */
export function listenError({ host, port }: ListenAddress, cause: unknown): EdgeError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const advice: Record<string, string> = {
    EADDRINUSE: 'the port is in use: stop the other program or choose another port',
    EACCES: 'not allowed: ports below 1024 need CAP_NET_BIND_SERVICE',
    EADDRNOTAVAIL: 'this machine has no such address',
  }
  const why = advice[String(code)] ?? (cause instanceof Error ? cause.message : String(cause))
  return new EdgeError('ACME_EDGE_LISTEN_FAILED', `cannot listen on ${where}: ${why}`, { cause })
}
