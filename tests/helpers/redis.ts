import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { RedisStoreConfig } from '../../src/config/config.ts'
import { parseRedisUrl } from '../../src/config/redis-url.ts'
import { freePorts } from './free-ports.ts'

export interface RedisOptions {
  /** A folder of the test: the server's data go there. */
  readonly folder: string
  /** Default: a free port. */
  readonly port?: number
  /** Further words of its command line. */
  readonly args?: readonly string[]
  /** Runs as a node of a cluster, whose bus is at this port. */
  readonly clusterPort?: number
  /** Runs as a Sentinel that watches the primary at this port, by the name `edge`. */
  readonly sentinelOf?: number
}

export interface TestRedis {
  readonly port: number
  readonly url: string
  readonly pid: number
  /** Ends it at once, data in memory and all. */
  kill(): Promise<void>
  /** Starts it again at the same port, after `kill`. */
  start(): Promise<void>
  /** Stops the process (SIGSTOP) until `resume`: connections stay, and nobody answers. */
  pause(): void
  resume(): void
  /** What redis-cli says to a command. */
  cli(...words: string[]): string
  stop(): Promise<void>
}

/** Why tests with Redis cannot run here, as tap's `skip` wants it; with CI set a missing Redis is a failure. */
export function redisMissing(): string | false {
  const version = /v=(\d+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]
  if (Number(version ?? 0) >= 7) return false
  const reason = `redis-server ${version ? `is ${version}, older than 7` : 'not installed'} (apt-get install redis-server)`
  if (process.env.CI) throw new Error(reason)
  return reason
}

/** Starts a Redis of its own that keeps nothing on disk, unless `args` say otherwise. */
export async function startRedis({
  folder,
  port,
  args = [],
  clusterPort,
  sentinelOf,
}: RedisOptions): Promise<TestRedis> {
  mkdirSync(folder, { recursive: true })
  const [free] = await freePorts(1)
  const own = port ?? Number(free)
  const cluster = clusterPort === undefined ? [] : ['--cluster-enabled', 'yes', '--cluster-port', String(clusterPort)]
  const common = ['--port', String(own), '--bind', '127.0.0.1', '--save', '', '--dir', resolve(folder)]
  const words =
    sentinelOf === undefined
      ? [...common, ...cluster, ...args]
      : [writeSentinelConfig(folder, own, sentinelOf), '--sentinel']
  let child: ChildProcess | undefined
  const end = async () => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const exited = once(ending, 'exit')
    ending.kill('SIGKILL')
    await exited
  }
  const start = async () => {
    child = spawn('redis-server', words, { stdio: 'ignore' })
    const started = child
    const kill = () => void started.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.removeListener('exit', kill))
    await answering(own, child)
  }
  await start()
  return {
    port: own,
    url: `redis://127.0.0.1:${own}/0`,
    get pid() {
      return child?.pid ?? -1
    },
    start,
    kill: end,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    cli: (...command) => spawnSync('redis-cli', ['-p', String(own), ...command], { encoding: 'utf8' }).stdout.trim(),
    stop: end,
  }
}

function writeSentinelConfig(folder: string, port: number, watched: number): string {
  const file = resolve(folder, 'sentinel.conf')
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor edge 127.0.0.1 ${watched} 1\n`)
  return file
}

/** The config of a store as edge.yaml would give it. */
export function redisConfig(url: string, folder: string): RedisStoreConfig {
  const parsed = parseRedisUrl(url, folder)
  if (parsed.kind === 'wrong') throw new Error(parsed.message)
  return parsed.value
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
    if (await accepts(port)) return
    await delay(10)
  }
  throw new Error('redis-server does not answer within 5 s')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
