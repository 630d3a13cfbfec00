import fc from 'fast-check'
import t from 'tap'
import { BodyRelay } from '../../src/origin/body-relay.ts'
import { runSize } from '../helpers/run-size.ts'

function counting() {
  const calls = { pause: 0, resume: 0, abort: 0 }
  const source = { pause: () => void calls.pause++, resume: () => void calls.resume++, abort: () => void calls.abort++ }
  return { calls, relay: new BodyRelay(source) }
}

/** A sink that takes `wants` chunks, then asks to wait. */
function slowSink(wants: number) {
  const seen = { text: '', ends: 0, fails: 0, left: wants }
  const sink = {
    write(chunk: Buffer) {
      seen.text += chunk.toString()
      seen.left--
      return seen.left > 0
    },
    end(last: Buffer | undefined) {
      seen.text += last?.toString() ?? ''
      seen.ends++
    },
    fail: () => void seen.fails++,
  }
  return { seen, sink }
}

t.test('a short body that is complete ends with its last chunk', (t) => {
  const { relay } = counting()
  const { seen, sink } = slowSink(9)
  relay.push(Buffer.from('a'))
  relay.push(Buffer.from('b'))
  relay.end()
  relay.pipe(sink)
  relay.resume()
  t.match(seen, { text: 'ab', ends: 1, left: 8 })
  t.end()
})

t.test('a sink that waits gets neither bytes nor the end', (t) => {
  const { calls, relay } = counting()
  const { seen, sink } = slowSink(1)
  relay.pipe(sink)
  relay.push(Buffer.from('a'))
  t.equal(calls.pause, 1)
  relay.push(Buffer.from('b'))
  relay.end()
  t.match(seen, { text: 'a', ends: 0 })
  relay.resume()
  relay.resume()
  t.match(seen, { text: 'ab', ends: 1 })
  t.end()
})

t.test('a sink that takes another one’s place gets every byte that follows', (t) => {
  const { relay } = counting()
  const first = slowSink(2)
  const second = slowSink(9)
  for (const text of ['a', 'b']) relay.push(Buffer.from(text))
  relay.pipe(first.sink)
  relay.push(Buffer.from('c'))
  relay.end()
  relay.pipe(second.sink)
  t.match(
    [first.seen, second.seen],
    [
      { text: 'ab', ends: 0 },
      { text: 'c', ends: 1 },
    ],
  )
  t.end()
})

t.test('a body that has ended in one sink ends in the next one, too', (t) => {
  const { relay } = counting()
  const [first, second] = [slowSink(9), slowSink(9)]
  relay.push(Buffer.from('a'))
  relay.end()
  relay.pipe(first.sink)
  relay.pipe(second.sink)
  t.match(
    [first.seen, second.seen],
    [
      { text: 'a', ends: 1 },
      { text: '', ends: 1 },
    ],
  )
  t.end()
})

t.test('a failure comes once, before or after the sink', (t) => {
  for (const early of [true, false]) {
    const { relay } = counting()
    const { seen, sink } = slowSink(9)
    if (!early) relay.pipe(sink)
    relay.push(Buffer.from('a'))
    relay.fail(new Error('broke off'))
    relay.fail(new Error('again'))
    if (early) relay.pipe(sink)
    relay.resume()
    t.match(seen, { text: early ? '' : 'a', ends: 0, fails: 1 })
  }
  t.end()
})

t.test('the origin waits when nobody takes its bytes', (t) => {
  const { calls, relay } = counting()
  relay.push(Buffer.alloc(65_535))
  t.equal(calls.pause, 0)
  relay.push(Buffer.alloc(1))
  t.equal(calls.pause, 1)
  relay.pipe(slowSink(9).sink)
  t.equal(calls.resume, 1)
  t.end()
})

t.test('aborting reaches an origin that still sends, and no other', (t) => {
  const { calls, relay } = counting()
  relay.abort(new Error('gone'))
  relay.end()
  relay.abort(new Error('gone'))
  t.equal(calls.abort, 1)
  t.end()
})

t.test('no order of events loses, doubles or reorders a byte', (t) => {
  const { seed, count } = runSize({ usual: 2_000, full: 50_000 })
  let ran = 0
  const event = fc.constantFrom('push' as const, 'resume' as const, 'pipe' as const)
  const property = fc.property(fc.array(event, { maxLength: 40 }), fc.nat(3), (events, wants) => {
    ran++
    const { relay } = counting()
    const sinks: ReturnType<typeof slowSink>[] = []
    const actions = {
      push: (i: number) => relay.push(Buffer.from(`${i},`)),
      resume: () => relay.resume(),
      pipe: () => relay.pipe(addTo(sinks, slowSink(wants)).sink),
    }
    for (const [i, kind] of events.entries()) actions[kind](i)
    relay.end()
    relay.pipe(addTo(sinks, slowSink(1_000)).sink)
    const sent = events.flatMap((kind, i) => (kind === 'push' ? [`${i},`] : [])).join('')
    const got = sinks.map(({ seen }) => seen.text).join('')
    return got === sent && sinks.every(({ seen }) => seen.ends <= 1) && sinks.at(-1)?.seen.ends === 1
  })
  fc.assert(property, { seed, numRuns: count })
  t.comment(`seed ${seed}, ${ran} orders`)
  t.ok(ran >= count)
  t.end()
})

function addTo<T>(list: T[], item: T): T {
  list.push(item)
  return item
}
