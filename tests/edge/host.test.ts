import t from 'tap'
import { parseAuthority } from '../../src/edge/host.ts'

const accepted: Record<string, readonly [host: string, port: string | undefined]> = {
  'shop.example': ['shop.example', undefined],
  'SHOP.Example': ['shop.example', undefined],
  'shop.example.': ['shop.example', undefined],
  'shop.example:8080': ['shop.example', '8080'],
  'shop.example.:80': ['shop.example', '80'],
  'xn--bcher-kva.example': ['xn--bcher-kva.example', undefined],
  localhost: ['localhost', undefined],
  '192.0.2.7:81': ['192.0.2.7', '81'],
  '[::1]': ['::1', undefined],
  '[2001:DB8:0:0:0:0:0:1]:443': ['2001:db8::1', '443'],
}

const refused = [
  '',
  '.',
  '..',
  '.example',
  'a..b',
  'a b',
  ' a',
  'a,b',
  'a@b',
  'a/b',
  'a\\b',
  'a?b',
  'a#b',
  'a:',
  'a:b',
  'a:-1',
  'a:65536',
  'a:123456',
  'a:80:80',
  '[::1',
  '::1',
  '[::g]',
  '[1.2.3.4]',
  '[::1]x',
  'b\xfccher.example',
  'a\x00b',
  '%61.example',
  'a'.repeat(254),
]

t.test('authorities reduce to one canonical host', (t) => {
  for (const [text, [host, port]] of Object.entries(accepted)) t.strictSame(parseAuthority(text), { host, port }, text)
  t.equal(Object.keys(accepted).length, 10)
  t.end()
})

t.test('what is not exactly one host is none', (t) => {
  for (const text of refused) t.equal(parseAuthority(text), undefined, JSON.stringify(text))
  t.equal(refused.length, 28)
  t.end()
})
