import t from 'tap'
import { parseDemandedName } from '../../src/on-demand/demanded-name.ts'

const good = [
  ['shop.example', 'shop.example'],
  ['SHOP.Example', 'shop.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['a.b.c.d.e.example', 'a.b.c.d.e.example'],
  ['1.shop.example', '1.shop.example'],
] as const

const bad = [
  '',
  'localhost',
  '127.0.0.1',
  '1.2.3',
  'a.123',
  '::1',
  '[::1]',
  '*.shop.example',
  'shop.example.',
  '.shop.example',
  'shop..example',
  '-a.example',
  'a-.example',
  '_acme-challenge.shop.example',
  'shop.example:443',
  'shop.example/x',
  'shop.example?domain=other.example',
  'a b.example',
  'bücher.example',
  'shop.example\u0000.evil.example',
  '../../etc/passwd',
  `${'a'.repeat(64)}.example`,
  `${'a.'.repeat(120)}example`,
]

t.test('names that a certificate could be ordered for, and no others', async (t) => {
  for (const [text, name] of good) t.equal(parseDemandedName(text), name, text)
  for (const text of bad) t.equal(parseDemandedName(text), undefined, JSON.stringify(text))
  t.equal(good.length + bad.length, 28)
})
