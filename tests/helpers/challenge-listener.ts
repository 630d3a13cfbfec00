import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ActiveChallenge, ChallengePublisher } from '../../src/challenge/publisher.ts'

export interface ChallengeListener extends ChallengePublisher {
  readonly port: number
  /** Names of the certificates that it was told of. */
  readonly told: string[]
  /** How many challenges are active at present. */
  readonly active: () => number
  /** Hosts whose token somebody asked for in vain. */
  readonly missed: string[]
  /** What it answers to a request, for those who stand in front of it. */
  ask(host: string, url: string): Promise<string | undefined>
  close(): Promise<void>
}

/** The least that answers HTTP-01: a listener with a map, for tests of issuance that are not about the edge. */
export async function openChallengeListener(port = 0): Promise<ChallengeListener> {
  const challenges = new Map<string, string>()
  const told: string[] = []
  const missed: string[] = []
  const find = (host: string, url: string) => challenges.get(`${host.replace(/:\d+$/, '')}${url}`)
  const server = createServer((request, response) => {
    const answer = find(request.headers.host ?? '', request.url ?? '')
    if (answer === undefined) missed.push((request.headers.host ?? '').replace(/:\d+$/, ''))
    response.writeHead(answer === undefined ? 404 : 200).end(answer)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const keyOf = ({ host, token }: Pick<ActiveChallenge, 'host' | 'token'>) =>
    `${host}/.well-known/acme-challenge/${token}`
  return {
    port: (server.address() as AddressInfo).port, // listening on TCP
    told,
    missed,
    active: () => challenges.size,
    ask: async (host, url) => find(host, url),
    publish: async (challenge) => void challenges.set(keyOf(challenge), challenge.keyAuthorization),
    withdraw: async (challenge) => void challenges.delete(keyOf(challenge)),
    installed: async (name) => void told.push(name),
    close: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}
