import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { WaitingRoom } from '../../src/on-demand/waiting-room.ts'

function room(options: { most?: number; waitMs?: number; now?: () => number } = {}) {
  const requests: { readonly name: string; readonly answer: PromiseWithResolvers<boolean> }[] = []
  const seen: string[] = []
  const port = {
    request(name: string) {
      const answer = Promise.withResolvers<boolean>()
      requests.push({ name, answer })
      return answer.promise
    },
    seen: (name: string) => void seen.push(name),
  }
  const settings = { waitingHandshakes: options.most ?? 8, waitMs: options.waitMs ?? 5_000 }
  return { waiting: new WaitingRoom(port, () => settings, options.now), requests, seen }
}

t.test('all handshakes for a name wait for one answer', async (t) => {
  const { waiting, requests } = room()
  const both = [waiting.wait('shop.example'), waiting.wait('SHOP.example')]
  t.strictSame(
    requests.map(({ name }) => name),
    ['shop.example'],
  )
  t.equal(waiting.waiting, 2)
  requests[0]?.answer.resolve(true)
  t.strictSame(await Promise.all(both), [true, true])
  t.equal(waiting.waiting, 0)
})

t.test('only so many wait, and of them a quarter for one name: the rest is turned away at once', async (t) => {
  const { waiting, requests } = room({ most: 8, waitMs: 300 })
  const same = ['a.example', 'a.example', 'a.example'].map((name) => waiting.wait(name))
  t.equal(await same[2], false, 'two of eight places are for one name')
  const others = Array.from({ length: 7 }, (_, i) => waiting.wait(`b${i}.example`))
  t.equal(await others[6], false, 'no place is left')
  t.equal(waiting.waiting, 8)
  for (const { answer } of requests) answer.resolve(true)
  t.strictSame(await Promise.all([...same.slice(0, 2), ...others.slice(0, 6)]), Array(8).fill(true))
  t.equal(await within(waiting.wait('b6.example')), undefined, 'there is room again')
})

t.test('nobody waits longer than allowed; who comes later joins what is under way', async (t) => {
  const { waiting, requests } = room({ waitMs: 30 })
  t.equal(await waiting.wait('slow.example'), false)
  t.equal(waiting.waiting, 0)
  const late = waiting.wait('slow.example')
  t.equal(requests.length, 1)
  requests[0]?.answer.resolve(true)
  t.equal(await late, true)
})

t.test('a failure is a no', async (t) => {
  const { waiting, requests } = room()
  const answer = waiting.wait('a.example')
  requests[0]?.answer.reject(new Error('the channel is closed'))
  t.equal(await answer, false)
})

t.test('what is no name, and everything without a config, asks nobody', async (t) => {
  const { waiting, requests, seen } = room()
  for (const name of ['localhost', '10.0.0.1', '*.a.example', 'a_b.example', 'a.example\u0000']) {
    t.equal(await waiting.wait(name), false, JSON.stringify(name))
    waiting.seen(name)
  }
  const port = { request: () => t.fail('asked') as never, seen: () => t.fail('told') }
  const off = new WaitingRoom(port, () => undefined)
  t.equal(await off.wait('a.example'), false)
  off.seen('a.example')
  t.equal(off.waitMs, 0)
  t.strictSame([requests, seen], [[], []])
})

t.test('a name in use is reported once an hour', async (t) => {
  let now = 0
  const { waiting, seen } = room({ now: () => now })
  for (now = 0; now < 7_200_000; now += 60_000) waiting.seen('a.example')
  t.strictSame(seen, ['a.example', 'a.example'])
})

/** What a promise gives soon, or `undefined`. */
const within = (promise: Promise<boolean>): Promise<boolean | undefined> =>
  Promise.race([promise, delay(20, undefined, { ref: false })])
