import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { PASS, type Verdict } from '../../src/http.ts'
import type { RuleSet, Transaction } from '../../src/waf/transaction-types.ts'
import { eventually } from '../helpers/edge-process.ts'
import { hostName } from '../helpers/edge-request.ts'
import { startLocalEdge } from '../helpers/local-edge.ts'
import { connect, requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { answerOk } from '../helpers/recording-origin.ts'

const host = 'Host: shop.example'
const get = requestBytes('GET /x HTTP/1.1', [host])
const form = 'Content-Type: application/x-www-form-urlencoded'
const post = requestBytes('POST /x HTTP/1.1', [host, form, 'Content-Length: 3'], 'a=b')
const token = 'token-0123456789-0123456789'

type Phase = 'begin' | 'requestHeaders' | 'requestBody' | 'responseHeaders' | 'responseBody' | 'finish'
type Way = 'throws' | 'rejects' | 'fails'

/** A WAF that works but for one phase. */
function brokenAt(phase: Phase, way: Way): RuleSet {
  const verdict: Verdict = { kind: 'failed', reason: 'budget', ruleId: 7 }
  const break_ = () => {
    if (way === 'throws') throw new Error('defect')
    return way === 'rejects' ? Promise.reject(new Error('defect')) : verdict
  }
  const at = (one: Phase) => () => (one === phase ? break_() : PASS)
  const transaction: Transaction = {
    mayBlock: true,
    requestHeaders: at('requestHeaders'),
    requestBodyPlan: () => ({ kind: 'buffer', limitBytes: 1_000, beyond: 'reject' }),
    requestBody: at('requestBody'),
    responseHeaders: at('responseHeaders'),
    responseBodyPlan: () => ({ kind: 'buffer', limitBytes: 1_000, beyond: 'reject' }),
    responseBody: at('responseBody'),
    finish: () => {
      const result = at('finish')()
      if (result instanceof Promise) return result.then(() => undefined)
    },
    matchedRuleIds: [],
    logged: [],
    auditRecord: () => undefined,
  }
  const begin = () => {
    if (phase === 'begin') throw new Error('defect')
    return transaction
  }
  return { mode: 'block', ruleCount: 1, warnings: [], begin }
}

t.test('a WAF that fails in any phase, in any way, lets nothing through and ends no process', async (t) => {
  const requestPhases: Phase[] = ['begin', 'requestHeaders', 'requestBody']
  const responsePhases: Phase[] = ['responseHeaders', 'responseBody', 'finish']
  let ran = 0
  for (const phase of [...requestPhases, ...responsePhases]) {
    for (const way of ['throws', 'rejects', 'fails'] as const) {
      if (way === 'fails' && phase === 'finish') continue
      ran++
      const { http, origin, records, edge, close } = await startLocalEdge(t, { ruleSet: brokenAt(phase, way) })
      await edge.publisher.publish(
        { host: hostName('shop.example'), token, keyAuthorization: `${token}.key`, expiresAtMs: Date.now() + 60_000 },
        AbortSignal.timeout(1_000),
      )
      const name = `${phase} ${way}`
      for (const request of [get, post]) {
        const { response } = await sendRaw(http, request)
        t.not(response?.status, 200, `${name}: not passed (${response?.status})`)
        if (phase !== 'finish' && phase !== 'begin') t.equal(response?.status, 503, name)
      }
      if (requestPhases.includes(phase)) t.equal(origin.requests.length, 0, `${name}: the origin saw nothing`)
      t.equal((await sendRaw(http, 'NONSENSE\r\n\r\n')).response?.status, 400, `${name}: what is refused is answered`)
      const challenge = requestBytes(`GET /.well-known/acme-challenge/${token} HTTP/1.1`, [host])
      if (phase !== 'begin') t.equal((await sendRaw(http, challenge)).response?.body.toString(), `${token}.key`, name)
      t.equal(records.length, phase === 'begin' ? 3 : 4, `${name}: one record each`)
      await close()
    }
  }
  t.equal(ran, 17)
})

t.test('an origin’s connection is free again after the WAF has failed on its response', async (t) => {
  const ruleSet = brokenAt('responseHeaders', 'fails')
  const { http, origin } = await startLocalEdge(t, { ruleSet, limits: { origin_connections: 1 } })
  origin.respond((_request, socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(200_000)}`),
  )
  for (let i = 0; i < 3; i++) {
    const { response } = await sendRaw(http, get)
    t.equal(response?.status, 503)
    await eventually('the origin’s connection is given up', () => origin.openSockets().length === 0)
  }
  t.equal(origin.requests.length, 3, 'none was refused for want of a connection')
})

t.test('an exchange ends with the config that it began with; the next one has the new one', async (t) => {
  const { edge, http, origin, config, folder } = await startLocalEdge(t, {
    rules: 'SecRuleEngine On\nSecRule ARGS:a "@streq b" "id:1,phase:2,pass,log,msg:\'old\'"\n',
  })
  const held = await connect(http)
  held.write(post.slice(0, -1))
  await delay(50)
  await edge.reload(
    await config({ rules: 'SecRuleEngine On\nSecRule ARGS:a "@streq b" "id:2,phase:2,deny,status:403"\n' }),
  )
  await delay(50)
  t.equal((await sendRaw(http, post)).response?.status, 403, 'new rules')
  held.write(post.slice(-1))
  t.equal((await held.response())?.status, 200, 'old rules, over pools that are still open')
  held.destroy()
  t.equal(origin.requests.length, 1)
  const log = readFileSync(join(folder, 'waf.log'), 'latin1')
  t.match(log, /\[id "1"\].*\n|\n.*\[id "1"\]/, 'and a log that is still open')
  t.match(log, /\[id "2"\]/)
})

t.test('a config that cannot be used changes nothing', async (t) => {
  const { edge, http, config } = await startLocalEdge(t)
  await t.rejects(edge.reload(await config({ rules: 'SecRule nonsense\n' })), { code: 'ACME_EDGE_RULES_INVALID' })
  t.equal((await sendRaw(http, get)).response?.status, 200)
})

t.test('closing waits for what is going on, then cuts', async (t) => {
  const { close, http, origin, records } = await startLocalEdge(t)
  origin.respond(() => {})
  const busy = await connect(http)
  busy.write(get)
  await eventually('the origin has it', () => origin.requests.length === 1)
  const startedAt = Date.now()
  await close()
  t.ok(Date.now() - startedAt >= 290 && Date.now() - startedAt < 2_000, `after ${Date.now() - startedAt} ms`)
  t.not(await busy.closed(1_000), 'open')
  t.equal(records.length, 1, 'it has its record')
})

t.test(
  'a client that resets its connection before, during and after a handshake of WebSocket ends nothing',
  async (t) => {
    const { http, origin } = await startLocalEdge(t)
    const upgrade = requestBytes('GET /ws HTTP/1.1', [
      host,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ])
    const accept =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n'
    for (const answer of ['', accept]) {
      origin.respond(
        () => {},
        (_head, socket) => {
          if (answer !== '') socket.write(answer)
          return answer !== ''
        },
      )
      const client = await connect(http)
      client.write(upgrade)
      await delay(60)
      client.socket.resetAndDestroy()
      await eventually('the origin’s side is closed', () => origin.openSockets().length === 0)
    }
    origin.respond(answerOk)
    t.equal((await sendRaw(http, get)).response?.status, 200)
  },
)

t.test('what follows a CONNECT reaches no parser', async (t) => {
  const { http, origin, records } = await startLocalEdge(t)
  const head = requestBytes('CONNECT shop.example:443 HTTP/1.1', ['Host: shop.example:443'])
  for (const parts of [[head + get], [head, get], [head, get, get]]) {
    const { response, rest } = await sendRaw(http, parts, { untilClose: true })
    t.equal(response?.status, 405)
    t.equal(rest.length, 0)
  }
  t.equal(origin.requests.length, 0)
  t.equal(records.length, 3)
})
