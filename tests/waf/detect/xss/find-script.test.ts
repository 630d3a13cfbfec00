import t from 'tap'
import { loadCorpus } from '../../../../scripts/derive/corpora.ts'
import { findScript } from '../../../../src/waf/detect/xss/find-script.ts'
import { corpora } from '../../../helpers/detector-cases.ts'

const attacks = [
  ...[
    '<script>alert(1)</script>',
    '<ScRiPt src=//x.example>',
    '<scr\0ipt>',
    '<script/x>',
    '<svg/onload=alert(1)>',
    '<x:script xmlns:x="y">',
    '<svg:a>',
  ],
  ...[
    '<img src=x onerror=alert(1)>',
    "<img src='x'onerror=alert(1)>",
    '<img/src/onerror=alert(1)>',
    '<x onbeforeanything=1>',
    '<p\nonclick\n=\n1>',
  ],
  ...[
    '<a href=javascript:alert(1)>',
    '<a href="java\tscript:alert(1)">',
    '<a href="&#106;avascript&colon;alert(1)">',
    '<a href=" \x01javascript:x">',
  ],
  ...[
    '<a href="data:text/html,<b>">',
    '<form action=vbscript:x>',
    '<button formaction=x>',
    '<iframe srcdoc=x>',
    '<b style="x:expression(1)">',
  ],
  ...[
    '<animate attributeName=href values="#;javascript:x">',
    '<img src=x:x title="<script>">',
    '<!--[if IE]><b><![endif]-->',
    '<!-- --!><script>',
  ],
  ...[
    '<!--<img src="--><img src=x onerror=x>',
    '<? <script>',
    '<!DOCTYPE x [<!ENTITY y "z">]>',
    '<![CDATA[<script>]]>',
    '</a onclick=1>',
    '</ x="><script>',
  ],
  ...[
    'x onmouseover=alert(1)',
    '" onfocus=alert(1) x="',
    "' onfocus=alert(1) x='",
    '` onfocus=alert(1)',
    '"><img src=x onerror=x>',
    'javascript:alert(1)',
  ],
  ...[
    '<base href=//x>',
    '<object data=x>',
    '<embed src=x>',
    '<meta http-equiv=refresh>',
    '<link rel=stylesheet>',
    '<math><x>',
    '<img src=x:alert(alt) onerror=eval(src) alt=x',
  ],
]

const harmless = [
  ...[
    '',
    'a < b && c > d',
    'I <3 you',
    '<b>bold</b>',
    '<a href="https://shop.example/">shop</a>',
    '<img src="data:image/png;base64,AA==">',
    'x=1&y=2',
    '<p class="only">',
  ],
  ...[
    'status: online=yes',
    'javascript: the good parts',
    'a=b',
    '<!-- a comment -->',
    '<!DOCTYPE html>',
    '<br/>',
    'x <y> z',
    '"quoted" text',
    "it's",
    '1 << 2',
    '<>',
    '<',
    '< script',
  ],
  ...[
    'https://shop.example/?a=b:c',
    '<span style="color: red">',
    '&lt;script&gt;',
    'e-mail <me@shop.example>',
    'one=1 once=2',
    'if (a<b) x=c',
    '<td onc>',
    'price = $5; done',
  ],
]

t.test('script is told from ordinary markup and text', async (t) => {
  for (const value of attacks) t.equal(findScript(value), true, value)
  for (const value of harmless) t.equal(findScript(value), false, value)
  t.equal(attacks.length, 44)
  t.equal(harmless.length, 29)
})

t.test('a value of 1 MB is judged in time that grows with it', async (t) => {
  for (const unit of [
    '<',
    '<a ',
    "<a b='",
    '<a b="<',
    '<!--',
    '<!',
    '</',
    '<![CDATA[',
    '<!doctype ',
    'a=',
    '&#',
    '"\'`',
    '<a/',
    "x='<",
  ]) {
    const value = unit.repeat(Math.ceil((1 << 20) / unit.length))
    const start = performance.now()
    findScript(value)
    const ms = performance.now() - start
    t.ok(ms < 2000, `1 MB of ${JSON.stringify(unit)} in ${ms.toFixed(0)} ms`)
  }
})

t.test('the corpora', { skip: !corpora && '../shared is absent' }, async (t) => {
  const corpus = loadCorpus(corpora ?? '', 'xss', [])
  t.equal(corpus.attacks.length, 358)
  t.ok(corpus.attacks.filter((value) => !findScript(value)).length <= 2)
  t.equal(corpus.benign.length, 421)
  t.same(corpus.benign.filter(findScript), [])
})
