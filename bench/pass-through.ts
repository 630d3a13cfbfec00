import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, cpuMs, startOn } from './child.ts'
import { availableProxies, type BenchProxy, isInstalled } from './proxies.ts'

/**
 * Pass-through: GET of 1 KB, 16 connections, each proxy on processor 0; nginx as origin and the load (wrk) on processor 1.
 * The proxies take turns, so that a change of the machine's speed meets all of them. `--json` prints the figures alone,
 * `--seconds N` (default 5) and `--rounds N` (default 3) say how long.
 */
const ORIGIN_PORT = 19_700
const PROXY_CPU = 0
const LOAD_CPU = 1

interface Figures {
  readonly name: string
  /** Requests a second in each round. */
  readonly rates: number[]
  /** Processor time of the proxy for one request, microseconds, in each round. */
  readonly cpuUs: number[]
}

const seconds = numberOption('--seconds', 5)
const rounds = numberOption('--rounds', 3)
const json = process.argv.includes('--json')

for (const program of ['nginx', 'wrk', 'taskset']) {
  if (!isInstalled(program)) {
    process.stderr.write(`the benchmark needs ${program} (Debian: apt-get install nginx wrk util-linux)\n`)
    process.exit(2)
  }
}
const folder = mkdtempSync(join(tmpdir(), 'acme-edge-bench-'))
const running: Child[] = []
try {
  const { proxies, missing } = availableProxies({ folder, originPort: ORIGIN_PORT, firstPort: ORIGIN_PORT + 1 })
  running.push(await startOn(LOAD_CPU, ['nginx', '-c', writeOrigin()], ORIGIN_PORT))
  const children = new Map<BenchProxy, Child>()
  for (const proxy of proxies) {
    const child = await startOn(PROXY_CPU, proxy.command, proxy.port)
    running.push(child)
    children.set(proxy, child)
    load(proxy.port, 2) // warm: compiled code, open connections
  }
  const figures = proxies.map(({ name }) => ({ name, rates: [], cpuUs: [] }) as Figures)
  for (let round = 0; round < rounds; round++) {
    for (const [i, proxy] of proxies.entries()) measure(proxy, children.get(proxy)?.pid ?? 0, figures[i])
  }
  print(figures, missing)
} finally {
  for (const child of running.reverse()) await child.stop()
  rmSync(folder, { recursive: true })
}

function measure(proxy: BenchProxy, pid: number, figures: Figures | undefined): void {
  const before = cpuMs(pid)
  const { rate, requests } = load(proxy.port, seconds)
  figures?.rates.push(rate)
  figures?.cpuUs.push(((cpuMs(pid) - before) * 1000) / requests)
}

function load(port: number, duration: number): { rate: number; requests: number } {
  const url = `http://127.0.0.1:${port}/index.html`
  const command = ['-c', String(LOAD_CPU), 'wrk', '-t1', '-c16', `-d${duration}s`, url]
  const text = execFileSync('taskset', command, { encoding: 'utf8' })
  const failed = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(text)
  if (failed !== null) throw new Error(`port ${port}: ${failed[0]}`)
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    requests: Number(/(\d+) requests in/.exec(text)?.[1]),
  }
}

function print(figures: readonly Figures[], missing: readonly string[]): void {
  const rows = figures.map(({ name, rates, cpuUs }) => ({ name, rate: median(rates), cpuUs: median(cpuUs), rates }))
  const first = rows[0]?.rate ?? 1
  if (json)
    return void process.stdout.write(`${JSON.stringify({ workload: 'GET 1 KB', seconds, rounds, rows, missing })}\n`)
  process.stdout.write(`GET 1 KB, 16 connections, one processor each; median of ${rounds} rounds of ${seconds} s\n\n`)
  process.stdout.write(`${'proxy'.padEnd(28)}${'req/s'.padStart(9)}${'CPU µs'.padStart(9)}${'ratio'.padStart(8)}\n`)
  for (const { name, rate, cpuUs } of rows) {
    const figuresText = [
      rate.toFixed(0).padStart(9),
      cpuUs.toFixed(1).padStart(9),
      (rate / first).toFixed(2).padStart(8),
    ]
    process.stdout.write(`${name.padEnd(28)}${figuresText.join('')}\n`)
  }
  if (missing.length > 0) process.stdout.write(`\nnot installed, not measured: ${missing.join(', ')}\n`)
}

function writeOrigin(): string {
  writeFileSync(join(folder, 'index.html'), 'x'.repeat(1024))
  const file = join(folder, 'origin.conf')
  const server = `listen 127.0.0.1:${ORIGIN_PORT}; location / { root ${folder}; }`
  writeFileSync(
    file,
    `daemon off; user root; pid ${folder}/origin.pid; error_log ${folder}/origin.log; worker_processes 1; events {}
http { access_log off; keepalive_requests 10000000; server { ${server} } }`,
  )
  return file
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function numberOption(name: string, fallback: number): number {
  const at = process.argv.indexOf(name)
  return at === -1 ? fallback : Number(process.argv[at + 1])
}
