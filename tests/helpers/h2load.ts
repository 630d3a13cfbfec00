import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

/** What became of a load; failures of every kind are 0 where all was well. */
export interface H2loadCounts {
  readonly connections: number
  readonly requests: number
  /** Answers of 200 to 299. */
  readonly answered: number
  /** Requests that failed, with the whole connection or alone, were never sent, or got another status. */
  readonly failed: number
}

export interface H2loadOptions {
  readonly port: number
  /** In the request and, over TLS, in the handshake. */
  readonly host: string
  /** `h2` and `http/1.1` over TLS, or HTTP/1.1 without it. */
  readonly protocol: 'h2' | 'http/1.1' | 'plain'
  readonly connections: number
  readonly requestsPerConnection: number
}

export interface H2loadRuns {
  readonly countsSoFar: () => H2loadCounts
  /** Lets the run of now come to its end. */
  stop(): Promise<H2loadCounts>
}

/** Why tests with h2load cannot run here, as tap's `skip` wants it; with CI set a missing one is a failure. */
export function h2loadMissing(): string | false {
  if (spawnSync('h2load', ['--version']).status === 0) return false
  const reason = 'h2load not installed (apt-get install nghttp2-client)'
  if (process.env.CI) throw new Error(reason)
  return reason
}

/** One run after the other until it is stopped, each with connections of its own. */
export function keepLoading(options: H2loadOptions): H2loadRuns {
  let sum: H2loadCounts = { connections: 0, requests: 0, answered: 0, failed: 0 }
  let isOver = false
  const loading = (async () => {
    while (!isOver) sum = add(sum, await runH2load(options))
  })()
  loading.catch(() => undefined) // whoever stops it hears of it
  return {
    countsSoFar: () => sum,
    async stop() {
      isOver = true
      await loading
      return sum
    },
  }
}

/** One run to its end, half a minute at most. Throws when h2load itself fails. */
export async function runH2load(options: H2loadOptions): Promise<H2loadCounts> {
  const { port, host, protocol, connections, requestsPerConnection } = options
  const requests = connections * requestsPerConnection
  const words = ['-c', String(connections), '-n', String(requests), ...(protocol === 'h2' ? [] : ['--h1'])]
  const url = `${protocol === 'plain' ? 'http' : 'https'}://${host}:${port}/load`
  const { stdout } = await promisify(execFile)('h2load', [...words, `--connect-to=127.0.0.1:${port}`, url], {
    timeout: 30_000,
  })
  const answered = Number(/^status codes: (\d+) 2xx,/m.exec(stdout)?.[1] ?? Number.NaN)
  const succeeded = Number(/^requests: .* (\d+) succeeded, \d+ failed/m.exec(stdout)?.[1] ?? Number.NaN)
  if (Number.isNaN(answered + succeeded)) throw new Error(`h2load says something else:\n${stdout}`)
  return { connections, requests, answered, failed: requests - Math.min(answered, succeeded) }
}

function add(one: H2loadCounts, other: H2loadCounts): H2loadCounts {
  return {
    connections: one.connections + other.connections,
    requests: one.requests + other.requests,
    answered: one.answered + other.answered,
    failed: one.failed + other.failed,
  }
}
