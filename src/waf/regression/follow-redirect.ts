import type { ResponseMessage } from './response-message.ts'
import type { StageInput, TestDestination } from './test-case.ts'

export type RedirectedStage =
  | { readonly kind: 'stage'; readonly input: StageInput }
  | { readonly kind: 'no-redirect'; readonly reason: string }

/** What the previous stage has left: where it went, and what came back. */
export interface PreviousStage {
  readonly input: StageInput
  readonly response: ResponseMessage
}

const redirects = new Set([300, 301, 302, 303, 307, 308])

/** The stage that goes where the previous one of the same test was sent to: target, Host and destination follow. */
export function followRedirect(input: StageInput, previous: PreviousStage | undefined): RedirectedStage {
  if (input.redirect === 'none') return { kind: 'stage', input }
  const location = previous?.response.location
  if (previous === undefined || location === undefined || !redirects.has(previous.response.status)) {
    return { kind: 'no-redirect', reason: 'follow_redirect, but the previous stage was not redirected' }
  }
  const base = baseUrl(previous.input)
  if (base === undefined || !URL.canParse(location, base) || input.message.kind === 'encoded') {
    return { kind: 'no-redirect', reason: `cannot follow the redirect to ${JSON.stringify(location)}` }
  }
  const url = new URL(location, base)
  const headers = input.message.headers.filter(({ name }) => name.toLowerCase() !== 'host')
  const message = {
    ...input.message,
    uri: `${url.pathname}${url.search}`,
    headers: [...headers, { name: 'Host', value: url.host }],
  }
  return { kind: 'stage', input: { ...input, message, destination: destinationOf(url) } }
}

function baseUrl({ destination: { protocol, address, port }, message }: StageInput): string | undefined {
  const uri = message.kind === 'parts' ? message.uri : '/'
  const url = `${protocol}://${address}:${port}${uri}`
  return URL.canParse(url) ? url : undefined
}

function destinationOf({ protocol, hostname, port }: URL): TestDestination {
  const name = protocol.slice(0, -1)
  return { protocol: name, address: hostname, port: Number(port || (name === 'https' ? 443 : 80)) }
}
