import t from 'tap'
import type { AccountRequest, AcmeAccount } from '../../src/acme/account.ts'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import type { Directory } from '../../src/acme/client.ts'
import { findOpenOrder } from '../../src/acme/open-orders.ts'
import { createOrder } from '../../src/acme/order.ts'
import { refusal } from '../../src/acme/problem.ts'

const ca = 'https://ca.example'
const signal = AbortSignal.timeout(60_000)

interface Reply {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly data: unknown
}

/** An account at a CA that answers from a table. */
function accountAt(replies: (request: AccountRequest) => Reply | undefined, directory: Partial<Directory> = {}) {
  const asked: AccountRequest[] = []
  const account: AcmeAccount = {
    directory: { newOrder: `${ca}/new`, renewalInfo: undefined, profiles: undefined, ...directory } as Directory, // what is used of it
    url: () => `${ca}/account`,
    keyAuthorization: async (token) => token,
    async post(request) {
      asked.push(request)
      const { status = 200, headers = {}, data } = replies(request) ?? { status: 404, data: {} }
      const response = { status, headers, data }
      if (status >= 400) throw refusal(response, request)
      return response
    },
  }
  return { account, asked }
}

function orderOf(names: readonly string[], more: object = {}) {
  const identifiers = names.map((value) => ({ type: 'dns', value }))
  return { status: 'pending', identifiers, authorizations: [`${ca}/authz`], finalize: `${ca}/finalize`, ...more }
}

t.test('an order whose address is not known is found among those of the account', async (t) => {
  const wish = { names: parseCertificateNames(['b.example', 'a.example', '2001:db8::1']) }
  const meant = ['a.example', 'b.example', '2001:0db8:0:0:0:0:0:1']
  const orders: Record<string, object> = {
    [`${ca}/1`]: orderOf(['a.example']),
    [`${ca}/2`]: orderOf(meant, { status: 'valid', certificate: `${ca}/cert` }),
    [`${ca}/3`]: orderOf(meant, { status: 'processing' }),
    [`${ca}/4`]: orderOf(meant, { status: 'invalid' }),
    [`${ca}/5`]: orderOf([...meant, 'c.example']),
    [`${ca}/6`]: orderOf(meant, { status: 'ready', profile: 'classic' }),
    [`${ca}/7`]: orderOf(meant),
    [`${ca}/gone`]: {},
  }
  const urls = Object.keys(orders)
  const pages = (url: string): Reply | undefined => {
    if (url === `${ca}/account`) return { data: { status: 'valid', orders: `${ca}/orders` } }
    if (url === `${ca}/orders`)
      return {
        data: { orders: urls.slice(0, 3) },
        headers: { link: `<${ca}/dir>;rel="index", </orders?2>; rel="next"` },
      }
    if (url === `${ca}/orders?2`) return { data: { orders: [...urls.slice(3), 'no address', 7] } }
    if (url === `${ca}/gone`) return { status: 404, data: {} }
    return orders[url] && { data: orders[url] }
  }
  const find = (more: object, known: readonly string[] = []) =>
    findOpenOrder(
      accountAt(({ url }) => pages(url)).account,
      { wish: { ...wish, ...more }, known: new Set(known) },
      signal,
    )
  t.equal((await find({}))?.url, `${ca}/7`)
  t.equal((await find({}, [`${ca}/7`]))?.url, `${ca}/6`, 'somebody is at work on the other one')
  t.equal((await find({ profile: 'classic' }))?.url, `${ca}/6`)
  t.equal(await find({ profile: 'shortlived' }), undefined)
  t.equal(await find({ names: parseCertificateNames(['other.example']) }), undefined)
})

t.test('an account with many orders: the newest are looked at, wherever they stand', async (t) => {
  const wish = { names: parseCertificateNames(['a.example']) }
  const positions = [0, 15, 285, 299]
  for (const position of positions) {
    const urls = Array.from({ length: 300 }, (_, i) => `${ca}/order/${i}`)
    const { account, asked } = accountAt(({ url }) => {
      if (url === `${ca}/account`) return { data: { orders: `${ca}/orders?0` } }
      const page = /orders\?(\d+)$/.exec(url)?.[1]
      if (page === undefined)
        return { data: orderOf([url === urls[position] ? 'a.example' : 'other.example'], { status: 'pending' }) }
      const from = Number(page)
      const link = from + 3 < urls.length ? `<${ca}/orders?${from + 3}>;rel="next"` : ''
      return { data: { orders: urls.slice(from, from + 3) }, headers: { link } }
    })
    t.equal((await findOpenOrder(account, { wish, known: new Set() }, signal))?.url, urls[position])
    t.ok(asked.length < 150)
  }
  t.equal(positions.length, 4)
})

t.test('a CA without lists, or that does not show them, has none', async (t) => {
  const wish = { names: parseCertificateNames(['a.example']) }
  const lists: readonly Reply[] = [
    { data: {} },
    { data: { orders: 7 } },
    { data: 'text' },
    { data: { orders: `${ca}/orders` } },
    { status: 403, data: {} },
  ]
  for (const list of lists) {
    const { account } = accountAt(({ url }) => (url === `${ca}/account` ? list : undefined))
    t.equal(await findOpenOrder(account, { wish, known: new Set() }, signal), undefined, JSON.stringify(list))
  }
  t.equal(lists.length, 5)
  const busy = accountAt(() => ({ status: 429, data: {} }))
  await t.rejects(findOpenOrder(busy.account, { wish, known: new Set() }, signal), {
    code: 'ACME_EDGE_ACME_RATE_LIMITED',
  })
  const endless = accountAt(({ url }) =>
    url === `${ca}/account`
      ? { data: { orders: `${ca}/orders?` } }
      : { data: { orders: [] }, headers: { link: `<${url}1>;rel=next` } },
  )
  t.equal(await findOpenOrder(endless.account, { wish, known: new Set() }, signal), undefined)
  t.equal(endless.asked.length, 101, 'a list without end ends')
})

t.test('what an order says: profile and predecessor where the CA knows such', async (t) => {
  const location = { location: `${ca}/order` }
  const payloadAt = async (directory: Partial<Directory>, wish: object) => {
    const { account, asked } = accountAt(() => ({ data: orderOf(['a.example']), headers: location }), directory)
    await createOrder(account, { names: parseCertificateNames(['a.example']), ...wish }, signal)
    return asked[0]?.payload
  }
  const identifiers = [{ type: 'dns', value: 'a.example' }]
  t.same(await payloadAt({}, { replaces: 'AA.BB' }), { identifiers })
  t.same(await payloadAt({ renewalInfo: `${ca}/ari` }, { replaces: 'AA.BB' }), { identifiers, replaces: 'AA.BB' })
  t.same(await payloadAt({ profiles: ['classic'] }, { profile: 'classic' }), { identifiers, profile: 'classic' })
  await t.rejects(payloadAt({ profiles: ['classic'] }, { profile: 'short' }), {
    code: 'ACME_EDGE_ACME_PROFILE_UNKNOWN',
    message: /it offers classic/,
  })
  await t.rejects(payloadAt({}, { profile: 'short' }), { message: /it knows no profiles/ })
})

t.test('a refusal of addresses names the profile that they may need', async (t) => {
  const data = { type: 'urn:ietf:params:acme:error:rejectedIdentifier', detail: 'Profile "classic" does not permit ip' }
  const order = (names: readonly string[], profile?: string) => {
    const { account } = accountAt(() => ({ status: 400, data }), { profiles: ['classic', 'shortlived'] })
    return createOrder(account, { names: parseCertificateNames(names), profile }, signal)
  }
  const advice = /want the profile shortlived \(--profile, acme\.profile\)/
  await t.rejects(order(['192.0.2.1']), { code: 'ACME_EDGE_ACME_REFUSED', message: advice })
  await t.rejects(order(['a.example', '2001:db8::1'], 'classic'), {
    message: advice,
    details: { problem: { status: 400 } },
  })
  for (const [names, profile] of [[['a.example']], [['192.0.2.1'], 'shortlived']] as const)
    await t.rejects(order(names, profile), { code: 'ACME_EDGE_ACME_REFUSED', message: /^(?!.*shortlived \()/ })
})
