import t, { type Test } from 'tap'
import { inspectionsOf, startBench } from '../helpers/edge-cases.ts'
import {
  connectHttp2,
  type Field,
  flag,
  frame,
  frameType,
  type Http2Connection,
  headerBlock,
} from '../helpers/http2-frames.ts'
import { headerValues } from '../helpers/raw-response.ts'
import { answerOk } from '../helpers/recording-origin.ts'

const bench = await startBench(t, { certificateFor: ['shop.example'] })
const base: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'shop.example'],
  [':path', '/two'],
]
const form: Field = ['content-type', 'application/x-www-form-urlencoded']
const stream: Field = ['content-type', 'application/octet-stream']

/** The base request with some pseudo-headers replaced and fields appended. */
function request(
  change: Partial<Record<'method' | 'scheme' | 'authority' | 'path', string | null>>,
  ...more: Field[]
): Field[] {
  const pseudo = base.map(([name, value]): Field | undefined => {
    const other = change[name.slice(1) as keyof typeof change] // the base's names are exactly these
    return other === null ? undefined : [name, other ?? value]
  })
  return [...pseudo.filter((field) => field !== undefined), ...more]
}

async function onHttp2<T>(talk: (connection: Http2Connection) => Promise<T>): Promise<T> {
  const connection = await connectHttp2(bench.https)
  try {
    return await talk(connection)
  } finally {
    connection.destroy()
  }
}

interface Case {
  readonly name: string
  readonly fields: readonly Field[]
  readonly body?: string
  readonly trailers?: readonly Field[]
  readonly status?: number
}

/** Each case ends in RST_STREAM, GOAWAY, a closed connection or a 4xx, and no request of it is complete at the origin. */
async function assertRefused(t: Test, cases: readonly Case[]): Promise<void> {
  let ran = 0
  for (const one of cases) {
    bench.origin.forget()
    bench.origin.respond(answerOk)
    await onHttp2(async (connection) => {
      const outcome = await connection.outcome(connection.request(one.fields, one), 3_000)
      const refused = outcome.reset !== undefined || connection.goaway !== undefined || connection.closed
      const { status } = outcome
      const is4xx = status !== undefined && status >= 400 && status < 500
      t.ok(is4xx || (refused && status === undefined), `${one.name}: refused`, {
        ...outcome,
        goaway: connection.goaway,
      })
      if (one.status !== undefined) t.equal(status, one.status, `${one.name}: status`)
    })
    t.same(
      bench.origin.requests.map((r) => r.raw),
      [],
      `${one.name}: nothing at the origin`,
    )
    ran++
  }
  t.equal(ran, cases.length, `${cases.length} cases ran`)
}

t.test('pseudo-headers that are doubled, late, unknown or missing are refused', async (t) => {
  await assertRefused(t, [
    ...base.map(([name, value]) => ({ name: `${name} twice`, fields: [...base, [name, value] as Field] })),
    ...base.map(([name]) => ({ name: `${name} twice, differing`, fields: [[name, '/other'] as Field, ...base] })),
    ...base.map(([name, value]) => ({
      name: `${name} late`,
      fields: [...base.filter(([n]) => n !== name), ['x-a', 'b'] as Field, [name, value] as Field],
    })),
    ...['method', 'scheme', 'path'].map((name) => ({ name: `:${name} missing`, fields: request({ [name]: null }) })),
    ...['method', 'scheme', 'path', 'authority'].map((name) => ({
      name: `:${name} empty`,
      fields: request({ [name]: '' }),
    })),
    { name: 'unknown pseudo-header', fields: [...base, [':foo', 'x']] },
    { name: ':status in a request', fields: [...base, [':status', '200']] },
    { name: ':protocol without CONNECT', fields: [...base, [':protocol', 'websocket']] },
    {
      name: 'pseudo-header in trailers',
      fields: request({ method: 'POST' }, form),
      body: 'a=b',
      trailers: [[':path', '/x']],
    },
    { name: 'no field at all', fields: [] },
  ])
})

t.test('authority and host', async (t) => {
  const bad = [
    'shop.example, a.shop.example',
    'user@shop.example',
    'shop.example/x',
    'shop.example:abc',
    'shop .example',
    'shop.example#',
    'a..shop.example',
    'shop.example:99999',
  ]
  await assertRefused(t, [
    { name: ':authority ≠ host', fields: request({}, ['host', 'other.example']) },
    { name: ':authority ≠ host, both served', fields: request({}, ['host', 'a.shop.example']) },
    { name: 'host twice', fields: request({}, ['host', 'shop.example'], ['host', 'shop.example']) },
    {
      name: 'host twice without :authority',
      fields: request({ authority: null }, ['host', 'shop.example'], ['host', 'shop.example']),
    },
    { name: 'neither', fields: request({ authority: null }) },
    { name: 'empty host', fields: request({}, ['host', '']) },
    ...bad.map((authority) => ({ name: authority, fields: request({ authority }) })),
    ...bad.map((host) => ({ name: `host ${host}`, fields: request({ authority: null }, ['host', host]) })),
    { name: 'an unknown host', fields: request({ authority: 'other.example' }), status: 421 },
  ])
})

t.test('paths and methods', async (t) => {
  const paths = [
    '*',
    'x',
    '?x',
    'https://shop.example/',
    '/a#b',
    '/a\\b',
    '/a b',
    '/a\r\nX: y',
    '/a\nb',
    '/a\x00b',
    '/a\tb',
    '/a\x7f',
  ]
  await assertRefused(t, [
    ...paths.map((path) => ({ name: JSON.stringify(path), fields: request({ path }) })),
    {
      name: 'CONNECT',
      fields: [
        [':method', 'CONNECT'],
        [':authority', 'shop.example:80'],
      ],
      status: 405,
    },
    { name: 'CONNECT with a path', fields: request({ method: 'CONNECT' }) },
    { name: 'TRACE', fields: request({ method: 'TRACE' }), status: 405 },
    { name: 'method with a space', fields: request({ method: 'GET /x HTTP/1.1' }) },
    { name: 'method with a line end', fields: request({ method: 'GET\r\nX: y' }) },
    { name: 'target of 9 KiB', fields: request({ path: `/${'a'.repeat(9_216)}` }), status: 414 },
    { name: 'expectation', fields: request({ method: 'POST' }, ['expect', 'x']), status: 417 },
  ])
})

t.test('fields that HTTP/2 forbids', async (t) => {
  const connection: Field[] = [
    ['connection', 'close'],
    ['connection', 'x-forwarded-for'],
    ['keep-alive', 'timeout=5'],
    ['proxy-connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['upgrade', 'h2c'],
    ['te', 'gzip'],
    ['te', 'trailers, gzip'],
  ]
  const aliases = ['x_forwarded_for', 'content_length', 'transfer_encoding', 'x_real_ip']
  await assertRefused(t, [
    ...connection.map((field) => ({ name: field.join(': '), fields: request({}, field) })),
    ...aliases.map((name) => ({ name: `alias ${name}`, fields: request({}, [name, '1']) })),
    { name: '150 fields', fields: request({}, ...Array.from({ length: 150 }, (_, i): Field => [`x-${i}`, 'v'])) },
    {
      name: 'fields of 18 KiB',
      fields: request({}, ...Array.from({ length: 18 }, (_, i): Field => [`x-${i}`, 'v'.repeat(1_024)])),
    },
  ])
})

t.test('a malformed field is refused, or neither inspected nor forwarded', async (t) => {
  const names = ['X-Upper', 'x a', 'x:a', '', 'x\r\na', 'x\x00', 'x\xe9', 'x\x7f']
  const values = ['a\r\nevil: y', 'a\nb', 'a\rb', 'a\x00b', 'a\x01b', 'a\x7fb']
  const fields = [...names.map((name): Field => [name, 'evil']), ...values.map((value): Field => ['x-evil', value])]
  for (const field of fields) {
    bench.origin.forget()
    await onHttp2(async (connection) => {
      const { status, reset } = await connection.outcome(connection.request(request({}, field)))
      t.ok(status === 200 || status === 400 || reset !== undefined, `${JSON.stringify(field)}: ${status}`)
    })
    t.notMatch(
      bench.origin.requests.map(({ raw }) => raw).join(),
      /evil/,
      `${JSON.stringify(field)}: not at the origin`,
    )
  }
  t.equal(fields.length, 14)
})

t.test('content-length has to be what DATA holds', async (t) => {
  const bodies: [string, string | undefined][] = [
    ['5', 'abc'],
    ['3', 'abcde'],
    ['0', 'a'],
    ['5', ''],
    ['5', undefined],
    ['+3', 'abc'],
    ['0x3', 'abc'],
    ['3, 3', 'abc'],
    ['-1', 'abc'],
    ['18446744073709551619', 'abc'],
  ]
  for (const type of [form, stream]) {
    await assertRefused(t, [
      ...bodies.map(([length, body]) => ({
        name: `${type[1]}: ${length} for ${body}`,
        fields: request({ method: 'POST' }, type, ['content-length', length]),
        ...(body === undefined ? {} : { body }),
      })),
      {
        name: 'two lengths',
        fields: request({ method: 'POST' }, type, ['content-length', '3'], ['content-length', '4']),
        body: 'abc',
      },
      {
        name: 'the same length twice',
        fields: request({ method: 'POST' }, type, ['content-length', '3'], ['content-length', '3']),
        body: 'abc',
      },
      { name: 'a length on GET, no body', fields: request({}, ['content-length', '3']) },
    ])
  }
})

t.test('what is legal reaches the origin as a well-formed HTTP/1.1 request', async (t) => {
  const accepted = [
    { name: 'GET', fields: request({}), target: '/two', body: '' },
    {
      name: 'host instead of :authority',
      fields: request({ authority: null }, ['host', 'shop.example']),
      target: '/two',
      body: '',
    },
    { name: 'host equal to :authority', fields: request({}, ['host', 'shop.example']), target: '/two', body: '' },
    { name: 'te: trailers', fields: request({}, ['te', 'trailers']), target: '/two', body: '' },
    {
      name: 'POST with a length',
      fields: request({ method: 'POST' }, form, ['content-length', '3']),
      send: 'a=b',
      target: '/two',
      body: 'a=b',
    },
    {
      name: 'POST without a length',
      fields: request({ method: 'POST' }, form),
      send: 'a=b',
      target: '/two',
      body: 'a=b',
    },
    {
      name: 'stream without a length',
      fields: request({ method: 'POST' }, stream),
      send: '\x00\xff',
      target: '/two',
      body: '\x00\xff',
    },
    { name: 'GET with a body', fields: request({}, stream), send: 'abc', target: '/two', body: 'abc' },
    {
      name: 'DELETE with a body',
      fields: request({ method: 'DELETE' }, form, ['content-length', '3']),
      send: 'a=b',
      target: '/two',
      body: 'a=b',
    },
    ...['/a/../b', '//a//b', '/%2f%5c%3b', '/a;x=1/..;/b', '/?a=b&a=c', '/..%2f', '/%2e%2e/'].map((path) => ({
      name: path,
      fields: request({ path }),
      target: path,
      body: '',
    })),
  ]
  for (const one of accepted) {
    bench.origin.forget()
    bench.origin.respond(answerOk)
    await onHttp2(async (connection) => {
      const outcome = await connection.outcome(connection.request(one.fields, 'send' in one ? { body: one.send } : {}))
      t.equal(outcome.status, 200, `${one.name}: status`)
      t.equal(outcome.body.toString(), 'origin', `${one.name}: body of the response`)
    })
    const [received] = bench.origin.requests
    t.equal(bench.origin.requests.length, 1, `${one.name}: one request`)
    t.equal(received?.target, one.target, `${one.name}: target`)
    t.equal(received?.body.toString('latin1'), one.body, `${one.name}: body`)
    t.same(headerValues(received, 'host'), ['shop.example'], `${one.name}: one host`)
    t.same(headerValues(received, 'te'), [], `${one.name}: no te`)
    t.same(headerValues(received, 'x-forwarded-proto'), ['https'])
    t.notMatch(received?.raw ?? ':', /^:/m, `${one.name}: no pseudo-header`)
  }
  t.equal(accepted.length, 16)
})

t.test('cookie crumbs are inspected and forwarded as one header', async (t) => {
  bench.origin.forget()
  await onHttp2(async (connection) => {
    t.equal(
      (await connection.outcome(connection.request(request({}, ['cookie', 'a=1'], ['cookie', 'b=2'])))).status,
      200,
    )
    t.equal(
      (await connection.outcome(connection.request(request({}, ['cookie', 'a=1'], ['cookie', 'b=attack-marker']))))
        .status,
      403,
    )
  })
  t.same(headerValues(bench.origin.requests[0], 'cookie').join('; '), 'a=1; b=2')
})

t.test('attacks are blocked in path, header, query and body; a block leaves the connection usable', async (t) => {
  bench.origin.forget()
  await onHttp2(async (connection) => {
    const send = async (fields: readonly Field[], body?: string) =>
      (await connection.outcome(connection.request(fields, body === undefined ? {} : { body }))).status
    t.equal(await send(request({ path: '/attack-marker' })), 403)
    t.equal(await send(request({ path: '/?q=attack-%6darker' })), 403)
    t.equal(await send(request({}, ['x-a', 'attack-marker'])), 403)
    t.equal(await send(request({ method: 'POST' }, form), 'a=attack-marker'), 403)
    t.equal(bench.origin.bytesReceived(), 0)
    t.equal(await send(request({}, ['x-probe', 'http2-clean'])), 200)
  })
  t.equal(inspectionsOf(bench.edge, 'http2-clean').length, 1)
})

t.test('trailers never become headers', async (t) => {
  bench.origin.forget()
  await onHttp2((connection) =>
    connection.outcome(
      connection.request(request({ method: 'POST' }, form), {
        body: 'a=b',
        trailers: [['x-trailer', 'attack-marker']],
      }),
    ),
  )
  t.notOk(bench.origin.requests.some((received) => received.raw.includes('attack-marker')))
})

t.test('floods end the connection or are absorbed; the edge goes on serving', async (t) => {
  bench.origin.respond(answerOk)
  const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8))
  const block = headerBlock(base)
  const floods: Record<string, (connection: Http2Connection) => void> = {
    'rapid reset': (c) => {
      for (let i = 0; i < 3_000; i++) {
        const id = c.open()
        c.write(
          frame(frameType.headers, flag.endHeaders | flag.endStream, id, block),
          frame(frameType.rstStream, 0, id, Buffer.alloc(4)),
        )
      }
    },
    ping: (c) => {
      for (let i = 0; i < 200; i++) c.write(...Array.from({ length: 100 }, () => ping))
    },
    settings: (c) => {
      for (let i = 0; i < 200; i++) c.write(...Array.from({ length: 100 }, () => frame(frameType.settings, 0, 0)))
    },
    continuation: (c) => {
      const id = c.open()
      c.write(frame(frameType.headers, flag.endStream, id, block))
      for (let i = 0; i < 2_000; i++)
        c.write(frame(frameType.continuation, 0, id, headerBlock([['x-a', 'b'.repeat(1_000)]])))
    },
    'header bomb': (c) => {
      const big = Buffer.concat([Buffer.of(0x40), headerBlock([['x-bomb', 'b'.repeat(3_900)]]).subarray(1)])
      for (let i = 0; i < 20; i++) {
        const id = c.open()
        c.write(
          frame(
            frameType.headers,
            flag.endHeaders | flag.endStream,
            id,
            Buffer.concat([block, big, Buffer.alloc(10_000, 0xbe)]),
          ),
        )
      }
    },
    'empty data': (c) => {
      const id = c.open()
      c.write(frame(frameType.headers, flag.endHeaders, id, headerBlock(request({ method: 'POST' }, stream))))
      for (let i = 0; i < 20_000; i++) c.write(frame(frameType.data, 0, id))
    },
    'window of zero for a stream': (c) => {
      for (let i = 0; i < 2_000; i++) c.write(frame(frameType.windowUpdate, 0, c.open(), Buffer.alloc(4)))
    },
  }
  for (const [name, flood] of Object.entries(floods)) {
    await onHttp2(async (connection) => {
      flood(connection)
      await connection.untilClosed(1_000)
    })
    const status = await onHttp2(async (connection) => (await connection.outcome(connection.request(base))).status)
    t.equal(status, 200, `after ${name}`)
  }
  t.equal(Object.keys(floods).length, 7)
})

t.test('the server announces bounded streams and header lists', async (t) => {
  await onHttp2(async (connection) => {
    await connection.outcome(connection.request(base))
    const streams = connection.serverSettings.get(3)
    t.ok(streams !== undefined && streams <= 100, `max concurrent streams ${streams}`)
    const list = connection.serverSettings.get(6)
    t.ok(list !== undefined && list <= 65_536, `max header list ${list}`)
  })
})

t.test('a stream whose body never comes is ended by the edge', async (t) => {
  const patient = await startBench(t, { certificateFor: ['shop.example'], limits: { body_idle_timeout: '1s' } })
  const connection = await connectHttp2(patient.https)
  t.teardown(() => connection.destroy())
  const id = connection.open()
  connection.write(frame(frameType.headers, flag.endHeaders, id, headerBlock(request({ method: 'POST' }, form))))
  const outcome = await connection.outcome(id, 6_000)
  t.ok(outcome.status === 408 || outcome.reset !== undefined || connection.closed, `408, RST or close`, outcome)
  t.equal(patient.origin.requests.length, 0)
})
