import t from 'tap'
import { createRateLimits } from '../../../src/acme/local-ca/rate-limits.ts'
import { type Answer, findChallenge, newKey, refused, startLocalCa } from './local-ca.ts'

const identifiers = [{ type: 'dns', value: 'a.localhost' }]

t.test('a limit holds for each by itself, says its name, and comes back evenly', async (t) => {
  const limits = createRateLimits({ accountsPerMinute: 3, ordersPerMinute: 2, validationsPerMinute: 1 })
  const tries = (who: string, nowMs: number) => {
    try {
      limits.spend('accountsPerMinute', who, nowMs)
      return 'done'
    } catch (error) {
      return error
    }
  }
  t.same(
    [1, 2, 3].map(() => tries('a', 0)),
    ['done', 'done', 'done'],
  )
  t.match(tries('a', 0), {
    type: 'rateLimited',
    message: /^accountsPerMinute: at most 3/,
    options: { headers: { 'retry-after': '20' } },
  })
  t.equal(tries('b', 0), 'done')
  t.match(tries('a', 19_000), { options: { headers: { 'retry-after': '1' } } })
  t.equal(tries('a', 20_000), 'done')
  t.match(tries('a', 20_000), { type: 'rateLimited' })
  t.equal(tries('a', 100_000), 'done')
  limits.spend('ordersPerMinute', 'a', 0)
})

t.test('a flood of addresses does not fill the memory, nor free those that are limited', async (t) => {
  const limits = createRateLimits({ accountsPerMinute: 1, ordersPerMinute: 1, validationsPerMinute: 1 })
  limits.spend('accountsPerMinute', 'last', 0)
  for (let i = 0; i < 19_999; i++) limits.spend('accountsPerMinute', `x${i}`, 1)
  t.throws(() => limits.spend('accountsPerMinute', 'last', 2), { message: /^accountsPerMinute: at most 1/ })
})

t.test('the server counts accounts by address and orders by account', async (t) => {
  const ca = await startLocalCa(
    t,
    {},
    { rateLimits: { accountsPerMinute: 2, ordersPerMinute: 2, validationsPerMinute: 1 } },
  )
  const [first, second] = [await ca.enrol(await newKey()), await ca.enrol(await newKey())]
  const third = await ca.post({ url: String(ca.directory.newAccount), key: await newKey(), payload: {} })
  refused(t, third, { type: 'rateLimited', status: 429, name: 'a third account' })
  t.match(third.headers.get('retry-after'), /^\d+$/)
  const known = await ca.post({ url: String(ca.directory.newAccount), key: first.key, payload: {} })
  t.equal(known.status, 200, 'finding an account is not limited')
  const order = (account: typeof first) => account.post(ca.directory.newOrder, { identifiers })
  t.same([(await order(first)).status, (await order(first)).status], [201, 201])
  refused(t, await order(first), { type: 'rateLimited', status: 429, name: 'a third order' })
  const fourth = await order(second)
  t.equal(fourth.status, 201)
  const challenge = async ({ json }: Answer) => findChallenge(second, String((json.authorizations as string[])[0]))
  t.equal((await second.post((await challenge(fourth)).url, {})).status, 200)
  const again = await second.post((await challenge(await order(second))).url, {})
  refused(t, again, { type: 'rateLimited', status: 429, name: 'the same host once more' })
  t.equal(ca.challenges.asked.length <= 1, true, 'it was not asked')
})
