import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { onConnection, startBench } from '../helpers/edge-cases.ts'
import { type EdgeProcess, eventually, markerRules } from '../helpers/edge-process.ts'
import { startLoad } from '../helpers/load.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { startOrigin } from '../helpers/recording-origin.ts'

const get = (target: string, host = 'shop.example') => requestBytes(`GET ${target} HTTP/1.1`, [`Host: ${host}`])

async function status(edge: EdgeProcess, bytes: string): Promise<number | undefined> {
  return (await sendRaw({ port: edge.httpPort }, bytes)).response?.status
}

/** A rule file of its own beside the config, so that a test can change it. */
function writeRules(edge: EdgeProcess, text: string): string {
  const file = join(edge.folder, 'own.conf')
  writeFileSync(file, text)
  return file
}

const denyPath = (path: string) =>
  `SecRuleEngine On\nSecRule REQUEST_URI "@beginsWith ${path}" "id:900300,phase:1,deny,status:403,log,msg:'denied'"\n`

function withRules(edge: EdgeProcess, rules: string[]): Record<string, unknown> {
  const config = edge.config()
  return { ...config, waf: { ...(config.waf as object), rules } } // the helper wrote a map there
}

async function exercise(t: Test, workers: number): Promise<void> {
  const { edge, http } = await startBench(t, { extra: { workers } })
  const load = startLoad(http, { connections: 4, closeEvery: 50 })
  await eventually('the load runs', () => load.answeredSoFar() > 100)
  t.equal(await status(edge, get('/secret')), 200, 'before')
  edge.writeConfig(withRules(edge, [writeRules(edge, denyPath('/secret'))]))
  edge.signal('SIGHUP')
  await eventually('the new rules are in force', async () => (await status(edge, get('/secret'))) === 403)
  for (let i = 0; i < 10; i++) t.equal(await status(edge, get('/secret')), 403, 'in every worker')
  edge.writeConfig('listen: [')
  edge.signal('SIGHUP')
  await eventually('the problem is reported', () => /edge\.yaml/.test(edge.stderr()))
  t.equal(await status(edge, get('/secret')), 403, 'a config that cannot be read leaves the old one serving')
  edge.writeConfig(withRules(edge, [writeRules(edge, 'SecRule ARGS "@noSuchOperator x" "id:1"\n')]))
  edge.signal('SIGHUP')
  await eventually('the bad rule is reported with its place', () => /own\.conf:1:/.test(edge.stderr()))
  t.equal(await status(edge, get('/secret')), 403, 'bad rules leave the old ones in force')
  edge.writeConfig(withRules(edge, [markerRules]))
  edge.signal('SIGHUP')
  await eventually('good rules come back', async () => (await status(edge, get('/secret'))) === 200)
  for (let i = 0; i < 10; i++) edge.signal('SIGHUP')
  const reached = load.answeredSoFar()
  await eventually('the load goes on', () => load.answeredSoFar() > reached + 100)
  const result = await load.stop()
  t.same(result.failures, [], `no request failed of ${result.sent}`)
}

t.test('SIGHUP swaps the rules without a failed request', (t) => exercise(t, 1))
t.test('SIGHUP swaps the rules of every worker', (t) => exercise(t, 2))

t.test('a reload changes sites and origins; a changed file is enough', async (t) => {
  const { edge } = await startBench(t)
  const second = await startOrigin()
  t.teardown(() => second.close())
  t.equal(await status(edge, get('/', 'new.example')), 421)
  const config = edge.config()
  edge.writeConfig({ ...config, sites: [{ hosts: ['new.example'], origin: [second.url] }] })
  await eventually('the new site is served', async () => (await status(edge, get('/', 'new.example'))) === 200)
  t.equal(second.requests.length, 1)
  t.equal(await status(edge, get('/')), 421, 'and the old one no longer')
})

t.test('a request keeps the rules that it began with', async (t) => {
  const { edge, http, origin } = await startBench(t)
  const body = 'a=attack-marker'
  await onConnection(http, async (connection) => {
    const headers = [
      'Host: shop.example',
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
    ]
    connection.write(requestBytes('POST /slow HTTP/1.1', headers, body.slice(0, 4)))
    await new Promise((resolve) => setTimeout(resolve, 100))
    edge.writeConfig(withRules(edge, [writeRules(edge, denyPath('/none'))]))
    edge.signal('SIGHUP')
    await eventually('the new rules are in force', async () => (await status(edge, get('/none'))) === 403)
    connection.write(body.slice(4))
    t.equal((await connection.response())?.status, 403)
  })
  t.notOk(origin.requests.some((request) => request.target === '/slow'))
})

t.test('active challenges survive a reload', async (t) => {
  const { edge } = await startBench(t)
  const token = 'r'.repeat(43)
  const key = await edge.publish('shop.example', token)
  edge.writeConfig(withRules(edge, [writeRules(edge, denyPath('/none'))]))
  edge.signal('SIGHUP')
  await eventually('the new rules are in force', async () => (await status(edge, get('/none'))) === 403)
  const { response } = await sendRaw({ port: edge.httpPort }, get(`/.well-known/acme-challenge/${token}`))
  t.equal(response?.body.toString(), key)
})
