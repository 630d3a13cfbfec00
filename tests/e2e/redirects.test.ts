import t from 'tap'
import { inspectionsOf, startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { headerValues } from '../helpers/raw-response.ts'
import { startOrigin } from '../helpers/recording-origin.ts'

const origin = await startOrigin()
t.teardown(() => origin.close())
const site = { hosts: ['shop.example'], origin: [origin.url], https_redirect: true }
const bench = await startBench(t, { certificateFor: ['shop.example'], extra: { sites: [site] } })
const token = 'r'.repeat(43)
const challenge = `/.well-known/acme-challenge/${token}`
const get = (target: string, ...more: string[]) =>
  requestBytes(`GET ${target} HTTP/1.1`, ['Host: shop.example', ...more])

t.test('a redirect to https comes after inspection and before the origin', async (t) => {
  for (const target of ['/a?b=c', '/.well-known/acme-challenge/', `${challenge}/ae`, `${challenge}x`]) {
    const probe = `redirect${target.length}`
    const { response } = await sendRaw(bench.http, get(target, `X-Probe: ${probe}`))
    t.match(String(response?.status), /^30[178]$/, target)
    t.same(headerValues(response, 'location'), [`https://shop.example${target}`])
    t.equal(inspectionsOf(bench.edge, probe).length, 1, 'inspected')
    t.equal(
      (await sendRaw(bench.http, get(target, 'X-Evil: attack-marker'))).response?.status,
      403,
      'an attack is blocked',
    )
  }
  t.equal(origin.bytesReceived(), 0)
})

t.test('a challenge of an active order is answered, not redirected', async (t) => {
  const key = await bench.edge.publish('shop.example', token)
  const { response } = await sendRaw(bench.http, get(challenge))
  t.equal(response?.status, 200)
  t.equal(response?.body.toString(), key)
})

t.test('a location cannot be split or led astray', async (t) => {
  for (const target of ['//evil.example/x', '/%0d%0aX-Evil:1', '/\t', '/@evil.example']) {
    const { response } = await sendRaw(bench.http, get(target))
    const [location = 'https://shop.example/'] = headerValues(response, 'location')
    t.ok(location.startsWith('https://shop.example/'), `${target}: ${location}`)
    t.same(headerValues(response, 'x-evil'), [])
  }
})

t.test('over https the site is served', async (t) => {
  t.equal((await sendRaw(bench.https, get('/'))).response?.body.toString(), 'origin')
})
