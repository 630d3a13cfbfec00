import t from 'tap'
import { joinContentTypes } from '../../src/edge/join-content-types.ts'
import { startLocalEdge } from '../helpers/local-edge.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

t.test('several Content-Types become one, in the place of the first', async (t) => {
  const one = ['Host', 'a', 'Content-Type', 'text/plain', 'X', 'y']
  t.equal(joinContentTypes(one), one)
  t.strictSame(
    joinContentTypes(['A', '1', 'content-TYPE', 'b/c', 'X', 'y', 'Content-Type', 'd/e', 'Content-Type', '']),
    [...['A', '1', 'content-TYPE', 'b/c, d/e, ', 'X', 'y']],
  )
  t.strictSame(joinContentTypes(['Content_Type', 'a', 'Content-Type', 'b']), ['Content_Type', 'a', 'Content-Type', 'b'])
})

const rules = `
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/json" "id:200001,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule &REQUEST_HEADERS:Content-Type "@gt 1" "id:1,phase:1,deny,status:500"
SecRule ARGS|XML:/* "@contains attack" "id:2,phase:2,deny,status:403"
`

t.test('no second Content-Type hides a body, whichever of them an origin believes', async (t) => {
  const { http, origin } = await startLocalEdge(t, { rules })
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json',
    'application/problem+json',
    'text/xml',
  ]
  const bodies: Record<string, string> = {
    'application/x-www-form-urlencoded': 'a=att%61ck',
    'application/json': '{"a":"att\\u0061ck"}',
    'application/problem+json': '["att\\u0061ck"]',
    'text/xml': '<a>att&#97;ck</a>',
  }
  let ran = 0
  for (const [type, body] of Object.entries(bodies)) {
    for (const sent of [
      [`Content-Type: text/plain`, `Content-Type: ${type}`],
      [`Content-Type: text/plain, ${type}`],
      [`Content-Type: image/png;a="b, c"`, 'content-type: text/css', `CONTENT-TYPE: ${type}; charset=utf-8`],
    ]) {
      const bytes = requestBytes('POST / HTTP/1.1', ['Host: a', ...sent, `Content-Length: ${body.length}`], body)
      t.equal((await sendRaw(http, bytes)).response?.status, 403, sent.join(' | '))
      ran++
    }
  }
  t.equal(ran, 12)
  t.equal(origin.requests.length, 0)
  const harmless = requestBytes('GET / HTTP/1.1', ['Host: a', ...types.map((type) => `Content-Type: ${type}`)])
  t.equal((await sendRaw(http, harmless)).response?.status, 200)
  const received = origin.requests[0]?.headers.filter(([name]) => name.toLowerCase() === 'content-type')
  t.strictSame(received, [['Content-Type', types.join(', ')]], 'the origin gets what was inspected')
})
