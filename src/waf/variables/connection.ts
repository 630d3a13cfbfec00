import type { TransactionState } from '../transaction-state.ts'
import { scalarVariable } from './scalar.ts'

export const remoteAddr = scalarVariable('REMOTE_ADDR', 1, ({ input }) => input.client.address)
export const remotePort = scalarVariable('REMOTE_PORT', 1, ({ input }) => input.client.port)
/** The address: names of clients are not looked up. */
export const remoteHost = scalarVariable('REMOTE_HOST', 1, ({ input }) => input.client.address)
export const serverAddr = scalarVariable('SERVER_ADDR', 1, ({ input }) => input.server.address)
export const serverPort = scalarVariable('SERVER_PORT', 1, ({ input }) => input.server.port)
export const uniqueId = scalarVariable('UNIQUE_ID', 1, ({ input }) => input.id)
export const authType = scalarVariable('AUTH_TYPE', 1, (state) => authorization(state)?.scheme)
/** The name that Basic credentials claim; the proxy does not check them. */
export const remoteUser = scalarVariable('REMOTE_USER', 1, basicUser)
export const webAppId = scalarVariable('WEBAPPID', 1, ({ settings }) => settings.webAppId)

/** Host without its port. */
export const serverName = scalarVariable('SERVER_NAME', 1, ({ request }) => {
  return (request.headerValues('host')[0] ?? '').replace(/:\d*$/, '')
})

function authorization({ request }: TransactionState): { scheme: string; credentials: string } | undefined {
  const [value] = request.headerValues('authorization')
  if (value === undefined) return undefined
  const [scheme = '', credentials = ''] = value.trim().split(/\s+/, 2)
  return { scheme, credentials }
}

function basicUser(state: TransactionState): string | undefined {
  const found = authorization(state)
  if (found?.scheme.toLowerCase() !== 'basic') return undefined
  return Buffer.from(found.credentials, 'base64').toString('latin1').split(':', 1)[0]
}
