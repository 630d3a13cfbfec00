import t from 'tap'
import { ActiveChallenges } from '../../src/challenge/active-challenges.ts'
import type { ActiveChallenge } from '../../src/challenge/publisher.ts'
import { hostName } from '../helpers/edge-request.ts'

const shop = hostName('shop.example')
const other = hostName('other.example')
const one = 'one-0123456789-0123456789'
const two = 'two-0123456789-0123456789'

function challenge(token: string, changes: Partial<ActiveChallenge> = {}): ActiveChallenge {
  return { host: shop, token, keyAuthorization: `${token}.thumbprint`, expiresAtMs: 1_000, ...changes }
}

t.test('a token is active for its host alone', (t) => {
  const table = new ActiveChallenges(() => 0)
  table.publish(challenge(one))
  t.equal(table.find(shop, one)?.keyAuthorization, `${one}.thumbprint`)
  t.equal(table.find(other, one), undefined)
  t.equal(table.find(shop, two), undefined)
  t.end()
})

t.test('two orders for one name do not disturb each other', (t) => {
  const table = new ActiveChallenges(() => 0)
  table.publish(challenge(one))
  table.publish(challenge(two))
  table.withdraw({ host: shop, token: one })
  t.equal(table.find(shop, one), undefined)
  t.equal(table.find(shop, two)?.token, two)
  table.withdraw({ host: other, token: two })
  t.equal(table.find(shop, two)?.token, two, 'withdrawing at another host changes nothing')
  t.end()
})

t.test('a challenge dies with its order, to the millisecond, withdrawn or not', (t) => {
  let now = 999
  const table = new ActiveChallenges(() => now)
  table.publish(challenge(one))
  t.ok(table.find(shop, one))
  now = 1_000
  t.equal(table.find(shop, one), undefined)
  t.same(table.all(), [])
  t.end()
})

t.test('a new worker is handed what is active, not what has expired', (t) => {
  let now = 0
  const table = new ActiveChallenges(() => now)
  table.publish(challenge(one))
  table.publish(challenge(two, { host: other, expiresAtMs: 5_000 }))
  now = 2_000
  t.same(
    table.all().map(({ token }) => token),
    [two],
  )
  t.end()
})

t.test('orders that were forgotten leave nothing behind once as many have been published', (t) => {
  let now = 0
  const table = new ActiveChallenges(() => now)
  const token = (i: number) => `token-${String(i).padStart(20, '0')}`
  for (let i = 0; i < 1_000; i++) table.publish(challenge(token(i), i % 2 === 0 ? { host: other } : {}))
  t.equal(table.size, 1_000)
  now = 2_000
  for (let i = 1_000; i < 1_300; i++) table.publish(challenge(token(i), { expiresAtMs: 5_000 }))
  t.equal(table.size, 300, 'the expired ones are gone')
  t.ok(table.find(shop, token(1_050)))
  table.publish(challenge(token(1_050), { expiresAtMs: 6_000 }))
  t.equal(table.size, 300, 'published again: still one')
  for (let i = 1_000; i < 1_300; i++) table.withdraw({ host: shop, token: token(i) })
  t.equal(table.size, 0)
  t.same(table.all(), [])
  t.end()
})

t.test('publishing takes no longer because many are pending', (t) => {
  const table = new ActiveChallenges(() => 0)
  const token = (i: number) => `token-${String(i).padStart(20, '0')}`
  const publish = (from: number, to: number): number => {
    const startedAt = process.cpuUsage()
    for (let i = from; i < to; i++) table.publish(challenge(token(i)))
    return process.cpuUsage(startedAt).user
  }
  publish(0, 2_000)
  const few = publish(2_000, 4_000)
  publish(4_000, 100_000)
  const many = publish(100_000, 102_000)
  t.ok(many < 20 * few + 20_000, `${many} µs with 100,000 pending, ${few} µs with 2,000`)
  t.end()
})

t.test('what is published cannot change afterwards', (t) => {
  const table = new ActiveChallenges(() => 0)
  const mutable = { ...challenge(one) }
  table.publish(mutable)
  mutable.keyAuthorization = 'changed'
  t.equal(table.find(shop, one)?.keyAuthorization, `${one}.thumbprint`)
  t.end()
})

t.test('what no CA can have meant is refused', (t) => {
  const table = new ActiveChallenges(() => 0)
  t.throws(() => table.publish(challenge('short')), TypeError)
  t.throws(() => table.publish(challenge(`${one}/../x`)), TypeError)
  t.throws(() => table.publish(challenge(one, { keyAuthorization: `${two}.thumbprint` })), TypeError)
  t.same(table.all(), [])
  t.end()
})

t.test('names of Object.prototype are no hosts', (t) => {
  const table = new ActiveChallenges(() => 0)
  t.equal(table.find(hostName('__proto__'), 'constructor'), undefined)
  t.end()
})
