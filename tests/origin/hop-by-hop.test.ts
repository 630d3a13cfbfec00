import t from 'tap'
import { connectionOptions, isHopByHop, mayBeHopByHop } from '../../src/origin/hop-by-hop.ts'

t.test('fields of one connection end here', (t) => {
  const ends = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'proxy-authenticate', 'te']
  for (const name of [
    ...ends,
    'trailer',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
    'expect',
    'content-length',
  ]) {
    t.ok(isHopByHop(name, undefined), name)
    for (const written of [name, name.toUpperCase()]) t.ok(mayBeHopByHop(written), `${written} gets a closer look`)
  }
  for (const name of ['host', 'cookie', 'accept', 'te-x', '__proto__', 'constructor'])
    t.notOk(isHopByHop(name, undefined), name)
  t.end()
})

t.test('Connection names more of them', (t) => {
  const options = connectionOptions(['CONNECTION', 'close, X-One', 'Connection', ' x-two ,,'])
  for (const name of ['x-one', 'x-two', 'close']) t.ok(isHopByHop(name, options), name)
  t.notOk(isHopByHop('x-three', options))
  t.equal(connectionOptions(['X-Connection', 'x-one']), undefined)
  t.end()
})

t.test('but not what the origin relies on', (t) => {
  const kept = ['X-Forwarded-For', 'X-Forwarded-Anything', 'X-Real-IP', 'Forwarded', 'Host', 'Cookie', 'Authorization']
  const more = ['Content-Length', 'Content-Type', 'Content-Encoding', 'Cache-Control', 'User-Agent', 'Set-Cookie']
  for (const name of [...kept, ...more]) t.equal(connectionOptions(['Connection', name]), undefined, name)
  t.end()
})
