import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { BenchRequest } from '../requests/bench-request.ts'
import { percentile } from '../statistics.ts'
import { LOAD_CPU, type LoadResult } from './load.ts'

const run = promisify(execFile)
/** On one connection: each connection would go through all requests for itself, and none would be new to the proxy. */
const STREAMS = 16

interface H2loadOptions {
  readonly requests: readonly BenchRequest[]
  readonly seconds: number
  /** A path for its files. */
  readonly file: string
}

/** h2load: new targets in each request, but the same header fields in all. Throws when a request got no answer. */
export async function loadWithH2load(base: string, { requests, seconds, file }: H2loadOptions): Promise<LoadResult> {
  const log = `${file}-times`
  rmSync(log, { force: true })
  writeFileSync(file, requests.map(({ target }) => `${base}${target}\n`).join(''))
  const common = ['-c1', `-m${STREAMS}`, '-t1', '-D', String(seconds), '-i', file, '--log-file', log]
  const command = ['h2load', ...common, ...headerOptions(requests[0]?.headers ?? [])]
  const { stdout } = await run('taskset', ['-c', String(LOAD_CPU), ...command], { maxBuffer: 1 << 26 })
  const failed = Number(/(\d+) failed, (\d+) errored/.exec(stdout)?.[2])
  if (failed !== 0) throw new Error(`${base}: ${failed} requests without an answer\n${stdout}`)
  const result = summary(readFileSync(log, 'latin1'), seconds)
  return { ...result, sentAgain: Math.max(0, result.requests - requests.length) }
}

function headerOptions(headers: readonly string[]): string[] {
  const options: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]?.toLowerCase() === 'host' ? ':authority' : headers[i]
    options.push('-H', `${name}: ${headers[i + 1]}`)
  }
  return options
}

/** The log has a line a request: start, status, microseconds. */
function summary(log: string, seconds: number): Omit<LoadResult, 'sentAgain'> {
  const lines = log.trim().split('\n')
  const times: number[] = []
  let refused = 0
  for (const line of lines) {
    const [, status, us] = line.split('\t')
    times.push(Number(us) / 1000)
    if (Number(status) >= 400) refused++
  }
  return {
    requests: times.length,
    perSecond: times.length / seconds,
    refused,
    p50Ms: percentile(times, 50),
    p99Ms: percentile(times, 99),
    p999Ms: percentile(times, 99.9),
  }
}
