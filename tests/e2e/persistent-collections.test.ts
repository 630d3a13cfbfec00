import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startBench } from '../helpers/edge-cases.ts'
import { type EdgeProcess, eventually, spawnEdge } from '../helpers/edge-process.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

/** `count` requests of one session are let through, whatever worker gets them. */
const limit = (count: number, more = '') => `SecRuleEngine On
SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR}_%{ARGS.who}"
SecRule IP:count "@ge ${count}" "id:2,phase:1,deny,status:429,log,msg:'too many'"
SecRule &ARGS:who "@gt 0" "id:3,phase:1,pass,nolog,setvar:ip.count=+1,expirevar:ip.count=600"
${more}`

async function start(t: Test, { workers, rules = limit(5) }: { workers: number; rules?: string }) {
  const folder = t.testdir()
  const file = join(folder, 'rules.conf')
  writeFileSync(file, rules)
  const { edge } = await startBench(t, { rules: [file], extra: { workers } })
  return { edge, file }
}

async function ask(edge: EdgeProcess, who: string): Promise<number | undefined> {
  const bytes = requestBytes(`GET /?who=${who} HTTP/1.1`, ['Host: shop.example'])
  return (await sendRaw({ port: edge.httpPort }, bytes)).response?.status
}

/** The statuses of so many requests, each on a connection of its own, with time to be told in between. */
async function askSlowly(edge: EdgeProcess, who: string, count: number): Promise<(number | undefined)[]> {
  const statuses: (number | undefined)[] = []
  for (let i = 0; i < count; i++) {
    statuses.push(await ask(edge, who))
    if (edge.config().workers !== 1) await pause(telling)
  }
  return statuses
}

/** Five times what it takes until all workers know, on an idle machine. */
const telling = 250

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** The same edge again: same folder, same ports, same store. */
async function restart(t: Test, edge: EdgeProcess) {
  const run = spawnEdge(['run', '--config', join(edge.folder, 'edge.yaml')])
  t.teardown(async () => {
    run.child.kill('SIGTERM')
    await run.exited
  })
  await eventually(
    'it is ready again',
    async () => {
      const answer = await fetch(`http://127.0.0.1:${edge.adminPort}/readyz`).catch(() => undefined)
      return answer?.status === 200
    },
    20_000,
  )
  return run
}

async function end(edge: EdgeProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  edge.signal(signal)
  await edge.exited
}

const allowed = (count: number) => Array.from({ length: count }, () => 200)

t.test('a limit holds across workers', async (t) => {
  const { edge } = await start(t, { workers: 2 })
  t.strictSame(await askSlowly(edge, 'a', 8), [...allowed(5), 429, 429, 429])
  await pause(telling)
  t.strictSame(
    await Promise.all(Array.from({ length: 12 }, () => ask(edge, 'a'))),
    Array(12).fill(429),
    'in every worker',
  )
  const metrics = await (await fetch(`http://127.0.0.1:${edge.adminPort}/metrics`)).text()
  t.match(metrics, /^acme_edge_collections\{name="ip"\} 1$/m)
})

t.test('workers that count at the same time lose nothing', async (t) => {
  const show = `SecRule ARGS:show "@rx ." "id:7,phase:1,redirect:'/%{IP.count}'"`
  const { edge } = await start(t, { workers: 2, rules: limit(1_000, show) })
  for (let round = 0; round < 5; round++) {
    t.strictSame(await Promise.all(Array.from({ length: 40 }, () => ask(edge, 'b'))), allowed(40))
  }
  await pause(telling)
  const shown = new Set<string | undefined>()
  const look = requestBytes('GET /?who=b&show=1 HTTP/1.1', ['Host: shop.example'])
  for (let i = 0; i < 8; i++) {
    const { response } = await sendRaw({ port: edge.httpPort }, look)
    shown.add(response?.headers.find(([name]) => name.toLowerCase() === 'location')?.[1])
    await pause(telling)
  }
  t.strictSame(
    [...shown],
    [1, 2, 3, 4, 5, 6, 7, 8].map((more) => `/${200 + more}`),
  )
})

for (const workers of [1, 2]) {
  t.test(`what is remembered outlives a reload (workers: ${workers})`, async (t) => {
    const { edge, file } = await start(t, { workers })
    t.strictSame(await askSlowly(edge, 'a', 4), allowed(4))
    writeFileSync(file, limit(5, 'SecRule REQUEST_URI "@contains /new" "id:9,phase:1,deny,status:410"'))
    edge.signal('SIGHUP')
    const isNew = async () => {
      const answers = await Promise.all(
        Array.from({ length: 12 }, () =>
          sendRaw({ port: edge.httpPort }, requestBytes('GET /new HTTP/1.1', ['Host: shop.example'])),
        ),
      )
      return answers.every(({ response }) => response?.status === 410)
    }
    await eventually('the new rules are in force', isNew)
    t.strictSame(await askSlowly(edge, 'a', 3), [200, 429, 429])
  })

  t.test(`what is remembered outlives a restart (workers: ${workers})`, async (t) => {
    const { edge } = await start(t, { workers })
    t.strictSame(await Promise.all([ask(edge, 'a'), ask(edge, 'a'), ask(edge, 'a'), ask(edge, 'a')]), allowed(4))
    await end(edge, 'SIGTERM') // at once: the last counts are written on the way out
    await restart(t, edge)
    t.strictSame(await askSlowly(edge, 'a', 3), [200, 429, 429])
    const folder = join(edge.storeFolder, 'state/collections')
    const stored = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'))
    t.match(stored.join(''), /"count"/)
    t.notMatch(stored.join(''), /127\.0\.0\.1/, 'keys are not shown')
  })

  t.test(`kill -9 costs the last second at most (workers: ${workers})`, async (t) => {
    const { edge } = await start(t, { workers })
    t.strictSame(await askSlowly(edge, 'a', 4), allowed(4))
    await pause(2_000)
    await end(edge, 'SIGKILL')
    await pause(500) // until its workers have seen it
    await restart(t, edge)
    t.strictSame(await askSlowly(edge, 'a', 3), [200, 429, 429])
  })
}

t.test('a worker that is killed loses nothing that the others have heard', async (t) => {
  const { edge } = await start(t, { workers: 2 })
  t.strictSame(await askSlowly(edge, 'a', 5), allowed(5))
  const workers = readFileSync(`/proc/${edge.pid}/task/${edge.pid}/children`, 'utf8').trim().split(' ').map(Number)
  t.equal(workers.length, 2)
  for (const pid of workers) process.kill(pid, 'SIGKILL')
  await eventually('others serve', async () => (await ask(edge, 'a').catch(() => undefined)) !== undefined, 10_000)
  t.strictSame(await askSlowly(edge, 'a', 4), [429, 429, 429, 429])
})

t.test('damaged records are reported and left out; the edge starts and serves', async (t) => {
  const { edge } = await start(t, { workers: 1 })
  t.strictSame(await askSlowly(edge, 'a', 5), allowed(5))
  await end(edge, 'SIGTERM')
  const folder = join(edge.storeFolder, 'state/collections')
  const files = readdirSync(folder)
  t.ok(files.length >= 2)
  for (const name of files) truncateSync(join(folder, name), 90)
  const run = await restart(t, edge)
  t.match(run.stderr(), /damaged persistent collections were left out/)
  t.strictSame(await askSlowly(edge, 'a', 6), [...allowed(5), 429], 'it counts anew')
})
