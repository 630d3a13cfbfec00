import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { type EdgeProcess, startEdgeProcess } from '../helpers/edge-process.ts'
import { connect, requestBytes } from '../helpers/raw-client.ts'
import { isFullRun } from '../helpers/run-size.ts'

const crs = join(import.meta.dirname, '../../../shared/crs')
const skip = existsSync(crs) ? false : 'the Core Rule Set is not beside this repository'
const SECONDS = isFullRun ? 10 : 3
const CLIENTS = 8
/** Noise of the machine: what others get is compared within one run, at most so often. */
const ATTEMPTS = 8

const fill = (unit: string) => unit.repeat(Math.ceil(1_040_000 / unit.length)).slice(0, 1_040_000)
/** Each made for patterns that are known for seconds on 64 KB, or for the detectors. */
const hostileBodies = [fill('x'), fill('('), fill('style='), fill("1'or/**/1=1--"), fill('$_GET'), fill('<a href=x ')]

t.test('a client with hostile bodies holds up nobody else', { skip, timeout: 240_000 }, async (t) => {
  const origin = createServer((_, response) => response.end('hello'))
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void origin.close())
  const { port } = origin.address() as AddressInfo // listening on TCP
  const rules = [join(crs, 'crs-setup.conf.example'), join(crs, 'rules/*.conf')]
  const edge = await startEdgeProcess({ origins: [`http://127.0.0.1:${port}`], rules })
  t.teardown(() => edge.stop())
  await measure(edge, 1) // everything is compiled once
  await attack(edge, Date.now() + 1_000)
  const ratios: number[] = []
  let refused = false
  for (let attempt = 0; attempt < ATTEMPTS && Math.min(...ratios) > 2; attempt++) {
    const before = await measure(edge, SECONDS)
    const [during, hostile] = await Promise.all([measure(edge, SECONDS), attack(edge, Date.now() + SECONDS * 1_000)])
    t.comment(
      `p99 of ${before.count} requests ${before.p99} ms alone; of ${during.count} beside the attack ${during.p99} ms, ` +
        `the longest ${during.longest} ms; ${hostile.sent} hostile bodies: ${JSON.stringify(hostile.statuses)}`,
    )
    t.ok(hostile.sent > 0 && during.count > 100)
    t.strictSame(
      Object.keys(hostile.statuses).filter((status) => !['200', '403', '503'].includes(status)),
      [],
    )
    if (hostile.statuses['503'] !== undefined) refused = true
    t.strictSame(during.failures, [])
    ratios.push(during.p99 / before.p99)
  }
  const best = Math.min(...ratios)
  t.ok(best <= 2, `${best.toFixed(2)} times the p99`)
  if (refused) t.match(edge.errorLog(), /ModSecurity: Rule processing failed\. \[id "9\d{5}"\]/)
})

interface Figures {
  readonly count: number
  readonly p99: number
  readonly longest: number
  readonly failures: readonly string[]
}

/** Ordinary requests, one after the other on each of some connections. */
async function measure({ httpPort }: EdgeProcess, seconds: number): Promise<Figures> {
  const times: number[] = []
  const failures: string[] = []
  const end = Date.now() + seconds * 1_000
  const drive = async () => {
    const connection = await connect({ port: httpPort })
    for (let i = 0; Date.now() < end && i < 900; i++) {
      const startedAt = performance.now()
      const headers = ['Host: shop.example', 'User-Agent: Mozilla/5.0', 'Accept: */*']
      connection.write(requestBytes(`GET /items?page=${i} HTTP/1.1`, headers))
      const response = await connection.response({ timeoutMs: 10_000 })
      times.push(performance.now() - startedAt)
      if (response?.status !== 200) failures.push(String(response?.status))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    connection.destroy()
  }
  await Promise.all(Array.from({ length: CLIENTS }, drive))
  const sorted = times.sort((a, b) => a - b)
  const at = (share: number) => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10
  return { count: sorted.length, p99: at(0.99), longest: at(1), failures }
}

/** One client that sends hostile bodies in a loop. */
async function attack({ httpPort }: EdgeProcess, end: number) {
  const statuses: Record<string, number> = {}
  let sent = 0
  while (Date.now() < end) {
    const value = hostileBodies[sent % hostileBodies.length] ?? ''
    const body = `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n--b--\r\n`
    const connection = await connect({ port: httpPort })
    const headers = [
      'Host: shop.example',
      'User-Agent: Mozilla/5.0',
      'Accept: */*',
      'Content-Type: multipart/form-data; boundary=b',
      `Content-Length: ${body.length}`,
    ]
    connection.write(requestBytes('POST /upload HTTP/1.1', headers, body))
    const status = String((await connection.response({ timeoutMs: 10_000 }))?.status)
    statuses[status] = (statuses[status] ?? 0) + 1
    sent++
    connection.destroy()
  }
  return { sent, statuses }
}
