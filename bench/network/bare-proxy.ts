import { createServer } from 'node:http'
import { Pool } from 'undici'

/**
 * The least that a proxy of node:http and undici can do: no inspection, no limits, no log. What acme-edge costs beyond this
 * is its own. Arguments: port to listen on, port of the origin.
 */
const [port, originPort] = process.argv.slice(2).map(Number)
const pool = new Pool(`http://127.0.0.1:${originPort}`, { connections: 256, pipelining: 1 })

const server = createServer((request, response) => {
  const headers = request.rawHeaders.filter((_, i, all) => all[i & ~1]?.toLowerCase() !== 'connection')
  pool.dispatch(
    { path: request.url ?? '/', method: 'GET', headers },
    {
      onRequestStart: () => undefined,
      onResponseStart(controller, status) {
        const raw = controller.rawHeaders as Buffer[] // undici's HTTP/1 client gives buffers
        response.writeHead(
          status,
          raw.map((item) => item.toString('latin1')),
        )
      },
      onResponseData: (_controller, chunk) => void response.write(chunk),
      onResponseEnd: () => void response.end(),
      onResponseError: () => void response.destroy(),
    },
  )
})
server.listen(port, '127.0.0.1')
