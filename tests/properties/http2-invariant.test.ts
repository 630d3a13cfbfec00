import fc from 'fast-check'
import t from 'tap'
import { startBench } from '../helpers/edge-cases.ts'
import { pathBlindRules } from '../helpers/edge-process.ts'
import { connectHttp2, type Field, type Http2Connection } from '../helpers/http2-frames.ts'
import { isPlainTarget, type NearMiss, nearMisses, onAnotherPath } from '../helpers/near-misses.ts'
import { headerValues } from '../helpers/raw-response.ts'
import { runSize } from '../helpers/run-size.ts'
import { type Fate, isNoWeaker } from '../helpers/verdict-of.ts'

t.setTimeout(900_000)

const tokens = ['a'.repeat(22), `Zk9_-${'b'.repeat(38)}`]
const bench = await startBench(t, { rules: [pathBlindRules], certificateFor: ['shop.example'] })
const keys = new Map<string, string>()
for (const token of tokens) keys.set(token, await bench.edge.publish('shop.example', token))

/** The near-miss as header fields, every header line that HTTP/2 can say included. */
function fieldsOf(request: NearMiss, probe: string): Field[] {
  const [host = '', ...others] = request.hosts
  const fields: Field[] = [
    [':method', request.method],
    [':scheme', 'https'],
    [':authority', host],
    [':path', request.target],
    ['x-probe', probe],
    ...others.map((other): Field => ['host', other]),
  ]
  for (const line of [...request.headers, ...request.framing]) {
    const colon = line.indexOf(':')
    if (isWellFormed(line)) fields.push([line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()])
  }
  return fields
}

/** Node drops what is malformed before anybody sees it (a test of its own); here each field has to count. */
function isWellFormed(line: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/.test(line)
}

/** The invariant for HTTP/2, from the fields and the body alone. */
function isAnswered(fields: readonly Field[], body: string): boolean {
  const values = (wanted: string) => fields.filter(([name]) => name === wanted).map(([, value]) => value)
  const [path = '', authority = ''] = [values(':path')[0], values(':authority')[0]]
  const token = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{22,128})$/.exec(path)?.[1] ?? ''
  const forbidden = ['connection', 'upgrade', 'transfer-encoding', 'expect', 'x_forwarded_for', 'transfer_encoding']
  const lengths = values('content-length')
  return (
    ['GET', 'HEAD'].includes(values(':method')[0] ?? '') &&
    keys.has(token) &&
    values('host').length <= 1 &&
    values('host').every((value) => value === authority) &&
    /^shop\.example\.?(:\d+)?$/i.test(authority) &&
    body === '' &&
    lengths.length <= 1 &&
    lengths.every((value) => /^0+$/.test(value)) &&
    !fields.some(([name]) => forbidden.includes(name))
  )
}

interface Judged {
  readonly fields: readonly Field[]
  readonly request: NearMiss
  readonly body: string
  readonly fate: Fate
  readonly twin: Fate
}

async function fateOver(connection: Http2Connection, fields: readonly Field[], body: string): Promise<Fate> {
  const id = connection.request(fields, body === '' ? {} : { body })
  const outcome = await connection.outcome(id, 10_000)
  const { status } = outcome
  const text = outcome.body.toString('latin1')
  const probe = fields.find(([name]) => name === 'x-probe')?.[1]
  const arrivals = bench.origin.requests.filter((received) => headerValues(received, 'x-probe')[0] === probe).length
  if (arrivals === 1 && status === 200 && (text === 'origin' || text === '')) return 'passed'
  if (arrivals > 0) return 'broken'
  if (status === 200) return text === '' || [...keys.values()].includes(text) ? 'answered' : 'broken'
  if (status === 421) return 'unserved'
  if (status === 403) return 'blocked'
  if (status === undefined) return outcome.reset !== undefined || connection.goaway !== undefined ? 'refused' : 'broken'
  return status >= 400 && status < 500 ? 'refused' : 'broken'
}

t.test('over HTTP/2, too: answered ⇔ the invariant; otherwise the verdict does not depend on the path', async (t) => {
  const { seed, count } = runSize({ usual: 1_000, full: 10_000 })
  const generated = fc.sample(nearMisses({ tokens: [...tokens, 'e'.repeat(43)], attacks: ['attack-marker'] }), {
    numRuns: count,
    seed,
  })
  const queue = generated.entries()
  const judged: Judged[] = []
  const drive = async () => {
    let connection = await connectHttp2(bench.https)
    const fresh = async () => {
      if (connection.closed || connection.goaway !== undefined) {
        connection.destroy()
        connection = await connectHttp2(bench.https)
      }
      return connection
    }
    for (const [index, request] of queue) {
      const body = request.framing.some((line) => line.startsWith('Transfer')) ? '' : request.body
      const fields = fieldsOf(request, `p${index}`)
      const fate = await fateOver(await fresh(), fields, body)
      const twin = await fateOver(await fresh(), fieldsOf(onAnotherPath(request), `t${index}`), body)
      judged.push({ fields, request, body, fate, twin })
      if (index % 200 === 0) bench.origin.requests.splice(0, bench.origin.requests.length - 100)
    }
    connection.destroy()
  }
  await Promise.all(Array.from({ length: 8 }, drive))
  const tally = new Map<Fate, number>()
  for (const { fate } of judged) tally.set(fate, (tally.get(fate) ?? 0) + 1)
  t.comment(`seed ${seed}, ${count} requests and as many on another path: ${JSON.stringify(Object.fromEntries(tally))}`)
  t.equal(judged.length, count)
  const expectNone = (title: string, isWrong: (one: Judged) => boolean) => {
    const wrong = judged.filter(isWrong)
    const shown = wrong.slice(0, 3).map(({ fields, body, fate, twin }) => ({ fields, body, fate, twin }))
    t.same(shown, [], `${title} (${wrong.length} of ${count} against it)`)
  }
  expectNone(
    'answered exactly when the invariant holds',
    ({ fields, body, fate }) => (fate === 'answered') !== isAnswered(fields, body),
  )
  expectNone(
    'every request gets a proper verdict',
    ({ fate, twin }) => fate === 'broken' || twin === 'broken' || twin === 'answered',
  )
  expectNone(
    'the verdict is that of another path',
    ({ request, fate, twin }) => fate !== 'answered' && isPlainTarget(request.target) && fate !== twin,
  )
  expectNone('the verdict is never weaker', ({ fate, twin }) => fate !== 'answered' && !isNoWeaker(fate, twin))
  for (const fate of ['answered', 'passed', 'blocked', 'refused'] as const)
    t.ok((tally.get(fate) ?? 0) > count / 100, `the generator reaches: ${fate}`)
})
