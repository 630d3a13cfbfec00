import { randomInt } from 'node:crypto'
import net from 'node:net'

/**
 * Ports for programs that tests start, and as many above them that are held to claim one each. Both below those that Linux
 * gives to clients: a connection of another test would take the port before the program does.
 */
const [firstPort, firstClaim] = [22_000, 27_000] as const

/**
 * Ports that are free, and that no other call gets, of this process or of another, for as long as this process lives: a program
 * may take seconds until it listens, and listens again when it is started anew.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = randomInt(firstPort, firstClaim)
    const claim = await listen(port - firstPort + firstClaim)
    claim?.unref()
    const server = claim && (await listen(port))
    if (server === undefined) continue
    await new Promise((resolve) => server.close(resolve))
    ports.push(port)
  }
  return ports
}

function listen(port: number): Promise<net.Server | undefined> {
  const server = net.createServer()
  return new Promise((resolve) => {
    server.on('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server))
  })
}
