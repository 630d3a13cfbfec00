import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../tests/helpers/free-ports.ts'
import type { Options } from '../options.ts'
import { findCoreRuleSet, writeRules } from '../rule-files.ts'
import { median } from '../statistics.ts'
import { textTable } from '../text-table.ts'
import type { Loaded } from './measure-load.ts'

export const loadOptions = ['crs', 'rounds']

const DEBIAN_SETUP = '/etc/modsecurity/crs/crs-setup.conf'
const DEBIAN_RULES = '/usr/share/modsecurity-crs/rules/*.conf'
const launcher = join(import.meta.dirname, '../../bin/acme-edge')

interface Row {
  readonly name: string
  readonly rules: number
  /** Medians. Of loading alone, and from the start of the program to the first answer of /readyz. */
  readonly loadMs: number
  readonly loadCpuMs: number
  readonly readyMs: number
  readonly heapMb: number
  /** Of the whole program once it is ready, and the most that it has had until then. */
  readonly rssMb: number
  readonly peakRssMb: number
}

/** How long rules take to load and what they weigh: loading alone in a fresh process, and the program as it starts. */
export async function benchLoad(options: Options): Promise<void> {
  const rounds = options.number('rounds', 3)
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-bench-load-'))
  try {
    const rows: Row[] = []
    for (const { name, files } of ruleSets(folder, options)) rows.push(await measure(name, files, { folder, rounds }))
    print(rows, options.has('json'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function ruleSets(folder: string, options: Options): { name: string; files: readonly string[] }[] {
  const crs = findCoreRuleSet(options)
  const levels = [1, 2, 3, 4].map((level) => {
    return { name: `Core Rule Set, level ${level}`, files: [writeRules(folder, { crs, level })] }
  })
  const debian = existsSync(DEBIAN_SETUP)
    ? [{ name: "Debian's modsecurity-crs", files: [DEBIAN_SETUP, DEBIAN_RULES] }]
    : []
  return [{ name: '@acme-edge', files: ['@acme-edge'] }, ...levels, ...debian]
}

async function measure(
  name: string,
  files: readonly string[],
  { folder, rounds }: { folder: string; rounds: number },
): Promise<Row> {
  const loads: Loaded[] = []
  const starts: Started[] = []
  for (let round = 0; round < rounds; round++) {
    loads.push(loadAlone(files))
    starts.push(await startProgram(folder, files))
  }
  const megabytes = (bytes: readonly number[]) => median(bytes) / 1_000_000
  return {
    name,
    rules: loads[0]?.rules ?? 0,
    loadMs: median(loads.map(({ ms }) => ms)),
    loadCpuMs: median(loads.map(({ cpuMs }) => cpuMs)),
    readyMs: median(starts.map(({ readyMs }) => readyMs)),
    heapMb: megabytes(loads.map(({ heapBytes }) => heapBytes)),
    rssMb: megabytes(starts.map(({ rssBytes }) => rssBytes)),
    peakRssMb: megabytes(starts.map(({ peakRssBytes }) => peakRssBytes)),
  }
}

function loadAlone(files: readonly string[]): Loaded {
  const words = ['--expose-gc', join(import.meta.dirname, 'measure-load.ts'), ...files]
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Loaded // its own format
}

interface Started {
  readonly readyMs: number
  readonly rssBytes: number
  readonly peakRssBytes: number
}

async function startProgram(folder: string, rules: readonly string[]): Promise<Started> {
  const [port = 0] = await freePorts(1)
  const config = {
    listen: { http: ['127.0.0.1:0'] },
    sites: [{ hosts: ['*'], origin: ['http://127.0.0.1:9'] }],
    waf: { mode: 'block', rules },
    store: 'file:store',
    admin: { listen: `127.0.0.1:${port}` },
    log: { access: 'off' },
  }
  const file = join(folder, 'edge.yaml')
  writeFileSync(file, JSON.stringify(config))
  const startedAt = performance.now()
  const child = spawn(launcher, ['run', '--config', file], { stdio: 'ignore' })
  const exited = new Promise((resolve) => child.on('exit', resolve))
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null || performance.now() - startedAt > 30_000) throw new Error('the edge does not start')
      await sleep(2)
    }
    const readyMs = performance.now() - startedAt
    const status = readFileSync(`/proc/${child.pid}/status`, 'latin1')
    return { readyMs, rssBytes: bytesOf(status, 'VmRSS'), peakRssBytes: bytesOf(status, 'VmHWM') }
  } finally {
    child.kill('SIGTERM')
    await exited
  }
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined)
  await answer?.text()
  return answer?.status === 200
}

/** Linux counts in units of 1,024 bytes. */
function bytesOf(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024
}

function print(rows: readonly Row[], asJson: boolean): void {
  if (asJson) return void process.stdout.write(`${JSON.stringify({ benchmark: 'load', rows })}\n`)
  const head = ['rules', 'count', 'load ms', 'load CPU ms', 'start ms', 'heap MB', 'RSS MB', 'peak RSS MB']
  const cells = rows.map((row) => [
    row.name,
    ...[row.rules, row.loadMs, row.loadCpuMs, row.readyMs, row.heapMb, row.rssMb, row.peakRssMb].map((value) =>
      value.toFixed(0),
    ),
  ])
  process.stdout.write(textTable(head, cells))
}
