import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findOperator } from '../../src/waf/operators/index.ts'
import { spawnEdge, startEdgeProcess } from '../helpers/edge-process.ts'

const shared = join(import.meta.dirname, '../../../shared')
const settings = join(import.meta.dirname, '../fixtures/crs-test-settings.conf')
const folder = mkdtempSync(join(tmpdir(), 'acme-edge-ftw-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** Requests that HTTP itself has an opinion on, the score, and the last phase. */
const suites = ['REQUEST-911-*', 'REQUEST-920-*', 'REQUEST-949-*', 'RESPONSE-980-*']

function findObstacle(): string | false {
  if (!existsSync(join(shared, 'tools/ftw'))) return 'the official runner is not beside this repository'
  if (spawnSync('go', ['version']).status !== 0) return 'there is no Go to build the official runner with'
  const options = { cwd: join(shared, 'tools/ftw'), encoding: 'utf8', timeout: 200_000 } as const
  const build = spawnSync('go', ['build', '-o', join(folder, 'ftw'), '.'], options)
  return build.status === 0 ? false : `the official runner cannot be built: ${build.stderr}`
}

const skip = findObstacle()
if (skip !== false && existsSync(shared) && process.env.CI === 'true') t.fail(skip)

t.test('the official runner comes to the verdicts of waf test', { skip }, async (t) => {
  const rules = [join(shared, 'crs/crs-setup.conf.example'), settings, ...coreRules()]
  const origin = await startEmptyOrigin()
  t.teardown(() => origin.close())
  const edge = await startEdgeProcess({ origins: [origin.url], hosts: ['*'], rules })
  t.teardown(() => edge.stop())
  const log = join(edge.folder, 'logs/waf.log')
  const official = { run: 0, failed: [] as string[] }
  for (const suite of suites) {
    const tests = join(shared, 'crs-tests', suite, '*.yaml')
    const out = await output(join(folder, 'ftw'), ['-d', tests, '-p', String(edge.httpPort), '-log', log])
    official.run += Number(/^run (\d+)/m.exec(out)?.[1] ?? 0)
    official.failed.push(...[...out.matchAll(/^FAILED (.+)$/gm)].map(([, id = '']) => id))
  }
  t.ok(official.run > 250, `${official.run} tests ran`)
  const words = suites.map((suite) => join(shared, 'crs-tests', suite, '*.yaml'))
  const own = spawnEdge(['waf', 'test', ...words, ...rules.flatMap((file) => ['--rules', file]), '--json'])
  await own.exited
  const results = own
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { test: string; result: string }) // its format
  t.equal(results.length, official.run)
  t.strictSame(
    results
      .filter(({ result }) => result !== 'passed')
      .map(({ test }) => test)
      .sort(),
    official.failed.sort(),
  )
})

/** The Core Rule Set; operators that this version does not have never match. */
function coreRules(): readonly string[] {
  const copy = join(folder, 'rules')
  spawnSync('cp', ['-r', join(shared, 'crs/rules'), copy])
  const missing = ['detectSQLi', 'detectXSS'].filter((name) => findOperator(name) === undefined)
  for (const name of ['REQUEST-941-APPLICATION-ATTACK-XSS.conf', 'REQUEST-942-APPLICATION-ATTACK-SQLI.conf']) {
    const text = readFileSync(join(copy, name), 'latin1')
    writeFileSync(
      join(copy, name),
      missing.reduce((rest, word) => rest.replaceAll(`"@${word}"`, '"@noMatch"'), text),
      'latin1',
    )
  }
  return [join(copy, '*.conf')]
}

async function startEmptyOrigin() {
  const server = createServer((request, response) => request.resume().on('end', () => response.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${port}`, close }
}

function output(command: string, words: readonly string[]): Promise<string> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return new Promise((resolve) => child.on('close', () => resolve(text)))
}
