import t from 'tap'
import { readTarget } from '../../src/edge/request-target.ts'

t.test('a path stays byte for byte', (t) => {
  for (const raw of ['/', '//', '/a/../b', '/%2e%2e/', '/a?b=http://c/', '/;x', '//other.example/x']) {
    t.strictSame(readTarget('GET', raw, 'shop.example'), { kind: 'target', target: raw, form: 'origin' }, raw)
  }
  t.end()
})

t.test('absolute form is reduced where it agrees with Host', (t) => {
  const cases: [raw: string, authority: string, target: string][] = [
    ['http://shop.example/a?b', 'shop.example', '/a?b'],
    ['http://shop.example', 'shop.example', '/'],
    ['http://shop.example?x', 'shop.example', '/?x'],
    ['HTTP://SHOP.example:80/a', 'shop.example', '/a'],
    ['https://shop.example/a', 'shop.example:443', '/a'],
    ['http://shop.example/a/../b', 'shop.example', '/a/../b'],
  ]
  for (const [raw, authority, target] of cases) {
    t.strictSame(readTarget('GET', raw, authority), { kind: 'target', target, form: 'absolute' }, raw)
  }
  t.equal(cases.length, 6)
  t.end()
})

t.test('the rest is refused', (t) => {
  const cases: [method: string, raw: string, authority: string][] = [
    ['GET', 'http://other.example/', 'shop.example'],
    ['GET', 'http://shop.example:81/', 'shop.example'],
    ['GET', 'http://user@shop.example/', 'shop.example'],
    ['GET', 'http:///a', 'shop.example'],
    ['GET', 'ftp://shop.example/', 'shop.example'],
    ['GET', 'shop.example:80', 'shop.example'],
    ['GET', 'a', 'shop.example'],
    ['GET', '', 'shop.example'],
    ['GET', '*', 'shop.example'],
  ]
  for (const [method, raw, authority] of cases) {
    t.match(readTarget(method, raw, authority), { kind: 'refusal', status: 400 }, raw)
  }
  t.equal(cases.length, 9)
  t.match(readTarget('OPTIONS', '*', 'shop.example'), { kind: 'target', form: 'asterisk' })
  t.end()
})
