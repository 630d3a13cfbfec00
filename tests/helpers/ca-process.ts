import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { ChallengePublisher } from '../../src/challenge/publisher.ts'
import { type Exit, spawnEdge } from './edge-process.ts'

export interface CaFolder {
  /** Holds `ca` and whatever a test writes. */
  readonly folder: string
  readonly caFolder: string
  /** PEM file of the root. */
  readonly rootFile: string
}

export interface CaProcess {
  readonly directory: string
  readonly port: number
  readonly pid: number
  stderr(): string
  signal(name: NodeJS.Signals): void
  readonly exited: Promise<Exit>
}

/** Runs `acme-edge ca …` to its end. */
export async function runCa(...words: string[]) {
  const run = spawnEdge(['ca', ...words])
  const { code } = await run.exited
  return { code, stdout: run.stdout(), stderr: run.stderr() }
}

/** A folder with a new CA; removed after the test. */
export async function createCaFolder(t: Test, ...flags: string[]): Promise<CaFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'acme-edge-ca-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const caFolder = join(folder, 'ca')
  const made = await runCa('init', '--folder', caFolder, ...flags)
  if (made.code !== 0) throw new Error(made.stderr)
  const rootFile = join(folder, 'root.pem')
  await writeFile(rootFile, (await runCa('root', '--folder', caFolder, '--pem')).stdout)
  return { folder, caFolder, rootFile }
}

/** `acme-edge ca serve` on a free port, until it is ready; killed after the test where it still runs. */
export async function startCa(t: Test, caFolder: string, ...flags: string[]): Promise<CaProcess> {
  const listen = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']
  const run = spawnEdge(['ca', 'serve', '--folder', caFolder, '--json', ...listen, ...flags])
  t.teardown(async () => {
    run.child.kill('SIGKILL')
    await run.exited
  })
  const deadline = Date.now() + 20_000
  while (!run.stdout().includes('\n')) {
    if (run.child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`ca serve does not start: ${run.stdout()}${run.stderr()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { directory, port } = JSON.parse(run.stdout().split('\n')[0] ?? '') as { directory: string; port: number }
  const { pid = -1 } = run.child
  const signal = (name: NodeJS.Signals) => void run.child.kill(name)
  return { directory, port, pid, stderr: run.stderr, signal, exited: run.exited }
}

export interface ChallengeHost {
  readonly port: number
  readonly answers: Map<string, string>
  readonly asked: { readonly host: string | undefined; readonly url: string | undefined }[]
  readonly publisher: ChallengePublisher
  /** Answers instead of the usual way while it is set. */
  override: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
}

/** What answers HTTP-01 on 127.0.0.1 and, where the system lets it, on ::1, at the same port. */
export async function startChallengeHost(t: Test): Promise<ChallengeHost> {
  const answers = new Map<string, string>()
  const asked: ChallengeHost['asked'] = []
  const server = createServer((request, response) => {
    asked.push({ host: request.headers.host, url: request.url })
    if (host.override) return host.override(request, response)
    const answer = answers.get(String(request.url).replace('/.well-known/acme-challenge/', ''))
    response.writeHead(answer === undefined ? 404 : 200).end(answer)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close().closeAllConnections())
  const publisher: ChallengePublisher = {
    publish: async ({ token, keyAuthorization }) => void answers.set(token, keyAuthorization),
    withdraw: async ({ token }) => void answers.delete(token),
    installed: async () => undefined,
  }
  const host: ChallengeHost = {
    port: (server.address() as AddressInfo).port,
    answers,
    asked,
    publisher,
    override: undefined,
  }
  return host
}
