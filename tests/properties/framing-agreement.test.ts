import fc from 'fast-check'
import t from 'tap'
import { startBench } from '../helpers/edge-cases.ts'
import { connect } from '../helpers/raw-client.ts'
import { headerValues } from '../helpers/raw-response.ts'
import type { RecordedRequest } from '../helpers/recording-origin.ts'
import { runSize } from '../helpers/run-size.ts'

t.setTimeout(900_000)

const formType = 'application/x-www-form-urlencoded'
const form = `Content-Type: ${formType}`

/** One byte of the stream is replaced, inserted or removed: where framing is written, that changes what a reader sees. */
interface Edit {
  readonly kind: 'replace' | 'insert' | 'remove'
  readonly at: number
  readonly text: string
}

const bytes = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ',',
  ';',
  '0',
  '1',
  '5',
  'f',
  '-',
  '+',
  ':',
  '_',
  '\x0b',
  '\xa0',
  'chunked',
  'x',
]

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('replace', 'insert', 'remove'),
  at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
  text: fc.constantFrom(...bytes),
})

const framings = [
  ['Content-Length'],
  ['Transfer-Encoding'],
  ['Content-Length', 'Transfer-Encoding'],
  ['Transfer-Encoding', 'Content-Length'],
  ['Content-Length', 'Content-Length'],
  ['Transfer-Encoding', 'Transfer-Encoding'],
  [],
]

interface Message {
  readonly method: string
  readonly version: string
  readonly framing: readonly string[]
  readonly length: 'whole' | 'none' | 'half'
  readonly hidden: 'request' | 'attack'
  readonly edits: readonly Edit[]
}

const message: fc.Arbitrary<Message> = fc.record({
  method: fc.constantFrom('POST', 'POST', 'GET', 'DELETE'),
  version: fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
  framing: fc.constantFrom(...framings),
  length: fc.constantFrom('whole', 'whole', 'none', 'half'),
  hidden: fc.constantFrom('request', 'attack'),
  edits: fc.array(edit, { maxLength: 2 }),
})

/** A body that is a request of its own, to whoever loses count; framing headers say its length rightly or wrongly. */
function render(one: Message, probe: string): string {
  const hidden = `GET /hidden HTTP/1.1\r\nHost: shop.example\r\nX-Probe: ${probe}h\r\n\r\n`
  const inner = one.hidden === 'request' ? hidden : 'a=attack-marker&b=1'
  const chunked = one.framing.includes('Transfer-Encoding')
  const body = chunked ? `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n` : one.framing.length === 0 ? '' : inner
  const length = { whole: body.length, none: 0, half: Math.floor(body.length / 2) }[one.length]
  const values: Record<string, string> = { 'Content-Length': String(length), 'Transfer-Encoding': 'chunked' }
  const headers = [
    'Host: shop.example',
    `X-Probe: ${probe}`,
    form,
    ...one.framing.map((name) => `${name}: ${values[name]}`),
  ]
  const text = `${one.method} /m HTTP/${one.version}\r\n${headers.join('\r\n')}\r\n\r\n${body}`
  return one.edits.reduce((current, { kind, at, text: piece }) => {
    const index = Math.floor(at * current.length)
    return (
      current.slice(0, index) + (kind === 'remove' ? '' : piece) + current.slice(kind === 'insert' ? index : index + 1)
    )
  }, text)
}

t.test('whatever the framing says, the origin sees only what was inspected', async (t) => {
  const { seed, count } = runSize({ usual: 3_000, full: 40_000 })
  const bench = await startBench(t, { limits: { header_timeout: '1s', body_idle_timeout: '1s' } })
  const streams = fc
    .sample(fc.array(message, { minLength: 1, maxLength: 3 }), { numRuns: count, seed })
    .map((messages, i) => messages.map((one, j) => render(one, `f${i}x${j}x`)).join(''))
  const queue = streams.values()
  const drive = async () => {
    for (const stream of queue) {
      const connection = await connect(bench.http)
      connection.write(stream)
      connection.socket.end()
      await connection.closed(5_000)
      connection.socket.resetAndDestroy()
    }
  }
  await Promise.all(Array.from({ length: 24 }, drive))
  const { requests } = bench.origin
  t.comment(`seed ${seed}, ${count} streams, ${requests.length} requests at the origin`)
  t.ok(requests.length > count / 20, 'some get through')
  const inspected = countInspections(bench.edge.errorLog())
  const uninspected = requests.filter((request) => {
    const [probe = ''] = headerValues(request, 'x-probe')
    const left = inspected.get(probe) ?? 0
    inspected.set(probe, left - 1)
    return left === 0
  })
  t.same(
    uninspected.slice(0, 3).map(({ raw }) => raw),
    [],
    `${uninspected.length} reached the origin without an inspection of their own`,
  )
  const isForm = (request: RecordedRequest) => headerValues(request, 'content-type').join() === formType
  const attacks = requests.filter((request) => isForm(request) && request.raw.includes('attack-marker'))
  t.same(
    attacks.slice(0, 3).map(({ raw }) => raw),
    [],
    `${attacks.length} carried the marker past the rules`,
  )
  t.equal((await fetchStatus(bench.http.port)) ?? 0, 200, 'the edge lives on')
})

/** How often the rule that logs every request saw each probe. */
function countInspections(log: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of log.split('\n')) {
    const data = line.includes('[id "900001"]') ? /\[data "([^"]*)"\]/.exec(line)?.[1] : undefined
    // the log writes control bytes escaped: an edit may have put a tab into the probe
    const probe = data?.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    if (probe !== undefined) counts.set(probe, (counts.get(probe) ?? 0) + 1)
  }
  return counts
}

async function fetchStatus(port: number): Promise<number | undefined> {
  const connection = await connect({ port })
  connection.write('GET /alive HTTP/1.1\r\nHost: shop.example\r\n\r\n')
  const response = await connection.response()
  connection.destroy()
  return response?.status
}
