import t from 'tap'
import { ActiveChallenges } from '../../src/challenge/active-challenges.ts'
import { findAnswer } from '../../src/challenge/responder.ts'
import type { EdgeRequest } from '../../src/http.ts'
import { edgeRequest, hostName } from '../helpers/edge-request.ts'

const token = 'token-0123456789-0123456789'
const target = `/.well-known/acme-challenge/${token}`
let now = 0
const active = new ActiveChallenges(() => now)
active.publish({ host: hostName('shop.example'), token, keyAuthorization: `${token}.key`, expiresAtMs: 1_000 })

const answered: Record<string, Partial<EdgeRequest>> = {
  GET: {},
  HEAD: { method: 'HEAD' },
  'HTTP/1.0': { protocol: 'HTTP/1.0' },
  'HTTP/2': { protocol: 'HTTP/2.0', secure: true },
  'Content-Length: 0': { framing: { kind: 'length', bytes: 0 } },
}

const notAnswered: Record<string, Partial<EdgeRequest>> = {
  POST: { method: 'POST' },
  'lower-case method': { method: 'get' },
  OPTIONS: { method: 'OPTIONS' },
  'another host': { host: hostName('other.example') },
  'a subdomain of the host': { host: hostName('www.shop.example') },
  'absolute form': { targetForm: 'absolute' },
  'asterisk form': { targetForm: 'asterisk' },
  'a body': { framing: { kind: 'length', bytes: 1 } },
  'a chunked body': { framing: { kind: 'chunked' } },
  'a query': { target: `${target}?x=1` },
  'a suffix': { target: `${target}/ae` },
  'an unknown token': { target: target.replace('token', 'nekot') },
  'another case': { target: target.replace('token', 'TOKEN') },
  'the prefix alone': { target: '/.well-known/acme-challenge/' },
}

t.test('every condition of the invariant holds, or nothing does', (t) => {
  let ran = 0
  for (const [name, changes] of Object.entries(answered)) {
    ran++
    t.equal(findAnswer(edgeRequest({ target, ...changes }), active), `${token}.key`, name)
  }
  for (const [name, changes] of Object.entries(notAnswered)) {
    ran++
    t.equal(findAnswer(edgeRequest({ target, ...changes }), active), undefined, name)
  }
  t.equal(ran, 19)
  t.end()
})

t.test('an expired order answers nothing', (t) => {
  now = 1_000
  t.equal(findAnswer(edgeRequest({ target }), active), undefined)
  t.end()
})

t.test('the table is not asked for what cannot be a challenge', (t) => {
  let asked = 0
  const counting = { find: () => void asked++ }
  for (const changes of Object.values(notAnswered)) findAnswer(edgeRequest({ target, ...changes }), counting)
  t.equal(asked, 4, 'two hosts and two tokens')
  t.end()
})
