import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { reflect } from '../../src/cli/reflecting-origin.ts'
import type { BodySink, EdgeResponse } from '../../src/http.ts'
import { type EdgeProcess, spawnEdge, startEdgeProcess } from './edge-process.ts'

const shared = join(import.meta.dirname, '../../../shared')
export const coreRuleSetTests = join(shared, 'crs-tests')
export const coreRuleSetOverrides = join(import.meta.dirname, '../crs-overrides.yaml')
/** The Core Rule Set with what its tests expect of the settings. */
export const coreRuleSetFiles: readonly string[] = [
  join(shared, 'crs/crs-setup.conf.example'),
  join(import.meta.dirname, '../fixtures/crs-test-settings.conf'),
  join(shared, 'crs/rules/*.conf'),
]

/** Builds the official runner into the folder; the reason why not, or `undefined`. */
export function buildOfficialRunner(folder: string): string | undefined {
  const source = join(shared, 'tools/ftw')
  if (!existsSync(source)) return 'the official runner is not beside this repository'
  if (spawnSync('go', ['version']).status !== 0) return 'there is no Go to build the official runner with'
  const options = { cwd: source, encoding: 'utf8', timeout: 200_000 } as const
  const build = spawnSync('go', ['build', '-o', join(folder, 'ftw'), '.'], options)
  return build.status === 0 ? undefined : `the official runner cannot be built: ${build.stderr}`
}

export interface CoreRuleSetEdge {
  readonly edge: EdgeProcess
  readonly errorLog: string
  stop(): Promise<void>
}

/** The program as an operator starts it, with the Core Rule Set, before the origin that its tests are written for. */
export async function startCoreRuleSetEdge(): Promise<CoreRuleSetEdge> {
  const origin = await startReflectingOrigin()
  const edge = await startEdgeProcess({ origins: [origin.url], hosts: ['*'], rules: coreRuleSetFiles })
  return {
    edge,
    errorLog: join(edge.folder, 'logs/waf.log'),
    async stop() {
      await edge.stop()
      origin.close()
    },
  }
}

/** What a runner says of all tests. */
export interface Verdicts {
  readonly run: number
  /** Ids, sorted. */
  readonly failed: readonly string[]
  readonly skipped: number
  readonly seconds: number
}

/** @param files glob of the tests */
export async function runOfficially(
  folder: string,
  files: string,
  { edge, errorLog }: CoreRuleSetEdge,
): Promise<Verdicts> {
  const words = ['-d', files, '-p', String(edge.httpPort), '-log', errorLog, '-overrides', coreRuleSetOverrides]
  const startedAt = performance.now()
  const text = await outputOf(join(folder, 'ftw'), words)
  const [, run = '0', skipped = '0'] = /^run (\d+),.* skipped (\d+),/m.exec(text) ?? []
  const failed = [...text.matchAll(/^FAILED (.+)$/gm)].map(([, id = '']) => id)
  return { run: Number(run), failed: failed.sort(), skipped: Number(skipped), seconds: secondsSince(startedAt) }
}

/** `acme-edge waf test` over the network. */
export function runOverNetwork(files: string, { edge, errorLog }: CoreRuleSetEdge): Promise<Verdicts> {
  return runOwn(files, ['--url', `http://127.0.0.1:${edge.httpPort}`, '--log', errorLog])
}

/** `acme-edge waf test` in a process of its own, its start and the loading of the rules included. */
export function runInProcess(files: string): Promise<Verdicts> {
  return runOwn(
    files,
    coreRuleSetFiles.flatMap((file) => ['--rules', file]),
  )
}

async function runOwn(files: string, words: readonly string[]): Promise<Verdicts> {
  const startedAt = performance.now()
  const run = spawnEdge(['waf', 'test', files, ...words, '--overrides', coreRuleSetOverrides, '--json'])
  await run.exited
  const lines = run.stdout().trimEnd().split('\n')
  const results = lines.map((line) => JSON.parse(line) as { test: string; result: string }) // its format
  const failed = results.filter(({ result }) => result === 'failed').map(({ test }) => test)
  const skipped = results.filter(({ result }) => result === 'skipped').length
  return { run: results.length, failed: failed.sort(), skipped, seconds: secondsSince(startedAt) }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000
}

/** Any path: 200 without a body; `POST /reflect`: what its JSON asks for. */
async function startReflectingOrigin() {
  const server = createServer(async (request, response) => {
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer) // no encoding is set
      if (request.method !== 'POST' || !/^\/reflect\/?(?:\?|$)/.test(request.url ?? '')) return void response.end()
      const { status, headers, body } = reflect(Buffer.concat(chunks))
      response.writeHead(status, [...headers]).end(await contentOf(body))
    } catch {
      response.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

function contentOf(body: EdgeResponse['body']): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const sink: BodySink = { write: () => true, end: resolve, fail: reject }
    if (body.kind === 'stream') body.stream.pipe(sink)
    else resolve(undefined)
  })
}

function outputOf(command: string, words: readonly string[]): Promise<string> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return new Promise((resolve) => child.on('close', () => resolve(text)))
}
