import { existsSync, readFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { mixedWorkload } from '../../bench/memory/mixed-workload.ts'
import { Values } from '../../bench/requests/values.ts'
import { writeRules } from '../../bench/rule-files.ts'
import { startEdgeProcess } from '../helpers/edge-process.ts'
import { isFullRun } from '../helpers/run-size.ts'

const crs = join(import.meta.dirname, '../../../shared/crs')
const skip =
  process.platform !== 'linux'
    ? 'the system does not say what a process has'
    : existsSync(crs)
      ? false
      : 'the Core Rule Set is not beside this repository'

const CONNECTIONS = 16
const WARM_UP = isFullRun ? 10_000 : 4_000
const REQUESTS = isFullRun ? 96_000 : 12_000
/** REQUESTS can be divided by it. */
const SAMPLES = 6
const MOST_BYTES = 250_000_000
/** A heap breathes; a leak of 2 KB a request would show. */
const MOST_GROWTH_BYTES = Math.max(24_000_000, REQUESTS * 200)

t.test('memory under load stays within its bound and does not grow', { skip, timeout: 600_000 }, async (t) => {
  const page = `<html>${'<p>of plain text, 0 to 9</p>'.repeat(300)}</html>`
  const origin = createServer((message, response) => {
    message.resume()
    const type = message.url?.startsWith('/page/') ? 'text/html' : 'application/octet-stream'
    response.setHeader('content-type', type).end(type === 'text/html' ? page : 'x'.repeat(1_024))
  })
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void origin.close())
  const { port } = origin.address() as AddressInfo // listening on TCP
  const rules = [writeRules(t.testdir(), { crs, level: 1 })]
  const limits = { requests_per_socket: 1_000_000 }
  const edge = await startEdgeProcess({ origins: [`http://127.0.0.1:${port}`], hosts: ['*'], rules, limits })
  t.teardown(() => edge.stop())
  const load = createLoad(edge.httpPort)
  t.teardown(() => load.close())
  const statuses = await load.send(WARM_UP)
  const samples: number[] = []
  for (let i = 0; i < SAMPLES; i++) {
    for (const [status, count] of await load.send(REQUESTS / SAMPLES))
      statuses.set(status, (statuses.get(status) ?? 0) + count)
    samples.push(residentBytes(edge.pid))
  }
  t.same([...statuses.keys()].toSorted(), [200, 403], 'answered, or blocked as the attacks have to be')
  t.equal(
    [...statuses.values()].reduce((sum, count) => sum + count, 0),
    WARM_UP + REQUESTS,
  )
  t.comment(`megabytes: ${samples.map((bytes) => (bytes / 1e6).toFixed(0)).join(', ')}`)
  t.ok(Math.max(...samples) <= MOST_BYTES, `at most ${MOST_BYTES / 1e6} MB`)
  const half = SAMPLES / 2
  const grownBytes = Math.min(...samples.slice(half)) - Math.max(...samples.slice(0, half))
  t.ok(
    grownBytes < MOST_GROWTH_BYTES,
    `the least of the second half is ${grownBytes} bytes above the most of the first`,
  )
})

/** Sends the mix of the memory benchmark over so many kept connections; counts statuses. */
function createLoad(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const values = new Values(11)
  const { make, attack } = mixedWorkload('level 1')
  const send = (sent: number): Promise<number> => {
    const { method, target, headers, body } = sent % 100 === 0 ? attack(values) : make(values)
    return new Promise((resolve, reject) => {
      const sending = request({ port, agent, method, path: target, headers: [...headers] }, (response) => {
        response.on('end', () => resolve(response.statusCode ?? 0)).resume()
      })
      sending.on('error', reject).end(body)
    })
  }
  return {
    async send(count: number): Promise<Map<number, number>> {
      const statuses = new Map<number, number>()
      let sent = 0
      const work = async () => {
        while (sent < count) {
          const status = await send(sent++)
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
        }
      }
      await Promise.all(Array.from({ length: CONNECTIONS }, work))
      return statuses
    },
    close: () => agent.destroy(),
  }
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024
}
