import type { Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'

/** RFC 6066 §3 as a TLS record: fatal alert 112, unrecognized_name. OpenSSL's own answer would be handshake_failure. */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 112])

export type SniCallback = (
  this: TLSSocket,
  name: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void

/** Where contexts come from: at once what is ready, the rest when it has been read. Names are lower case. */
export interface ContextSource {
  ready(name: string): SecureContext | undefined
  /** Never rejects; `undefined`: there is none for the name. */
  find(name: string): Promise<SecureContext | undefined>
}

/** For tls.Server: the context for a name, or the alert that says that there is none. */
export function createSniCallback(source: ContextSource): SniCallback {
  return function (servername, callback) {
    const name = servername.toLowerCase()
    const ready = source.ready(name)
    if (ready !== undefined) return callback(null, ready)
    const { _parent: connection } = this as unknown as { _parent?: Socket } // the TCP socket: no ServerHello yet, so alerts are plain
    void source.find(name).then((found) => {
      if (found === undefined) refuse(connection, callback)
      else callback(null, found)
    })
  }
}

function refuse(connection: Socket | undefined, callback: (error: Error) => void): void {
  const end = () => callback(new Error('no certificate for the name'))
  if (connection === undefined) end()
  else connection.write(UNRECOGNIZED_NAME, end)
}
