import fc from 'fast-check'
import t from 'tap'
import { parseXml } from '../../../src/waf/bodies/xml.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'
import { limits } from './limits.ts'

const documents: readonly (readonly [body: string, text: string, attributes: readonly string[]])[] = [
  ['<a/>', '', []],
  ['<a>x</a>', 'x', []],
  ['<a><b>x</b><c>y</c></a>', 'xy', []],
  ['\xef\xbb\xbf<a>x</a>', 'x', []],
  ['<?xml version="1.0"?><a>x</a>', 'x', []],
  ["<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<a>\xc3\xa9</a>\n", '\xc3\xa9', []],
  ['<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', '\xe9', []],
  ['<a>&lt;script&gt;&amp;&apos;&quot;</a>', '<script>&\'"', []],
  ['<a>&#60;&#x3c;&#x0000003C;&#8364;&#x1F600;</a>', '<<<\xe2\x82\xac\xf0\x9f\x98\x80', []],
  ['<a>se<!-- x -->lect<?p q?> 1</a>', 'select 1', []],
  ['<a>1<![CDATA[<b>&lt;]]]]>2</a>', '1<b>&lt;]]2', []],
  ['<a>1\r\n2\r3\n4</a>', '1\n2\n3\n4', []],
  ['<a b="1" c=\'2"\' d = "&#39;&lt;"/>', '', ['1', '2"', "'<"]],
  ['<a b="x\r\ny\tz&#10;"/>', '', ['x y z\n']],
  ['<s:a xmlns:s="urn:x" xmlns="http://x.example/y#z" s:b="1"></s:a >', '', ['1']],
  ['<a xmlns="\' or 1=1"/>', '', ["' or 1=1"]],
  ['<!-- before --><?pi before?><a/><!-- after --><?after?>', '', []],
  ['<\xc3\xa9l\xc3\xa9ment>x</\xc3\xa9l\xc3\xa9ment>', 'x', []],
]

t.test('text and attributes of documents', async (t) => {
  for (const [body, text, attributes] of documents) {
    const parsed = parseXml(body, limits)
    t.equal(parsed.error, undefined, body)
    t.match(parsed.xml, { text, attributes }, body)
    t.equal(parsed.xml?.attributes.length, attributes.length, body)
    t.same(parsed.arguments, [], body)
  }
  t.equal(documents.length, 18)
})

t.test('what stands between two tags is a text of its own', async (t) => {
  t.match(parseXml('<a>x<b> y</b>\n<c/>w<!-- -->v<![CDATA[u]]></a>', limits).xml, {
    text: 'x y\nwvu',
    texts: ['x', ' y', 'wvu'],
  })
  t.same(parseXml('<a>\n <b>\t</b></a>', limits).xml?.texts, [])
})

t.test('an empty body is no document and no error', async (t) => {
  t.equal(parseXml('', limits).error, undefined)
})

const malformed: readonly (readonly [body: string, problem: RegExp])[] = [
  ['x', /text outside/],
  [' ', /no element/],
  ['<!-- x -->', /no element/],
  ['<a>', /not closed/],
  ['<a></b>', /closes nothing/],
  ['</a>', /closes nothing/],
  ['<a/><b/>', /second document element/],
  ['<a/>x', /text outside/],
  ['<a/>&#32;', /text outside/],
  ['<a/><![CDATA[x]]>', /CDATA section outside/],
  ['<a', /">" was expected/],
  ['<a b="1"c="2"/>', /">" was expected/],
  ['<a b=1/>', /without quotes/],
  ['<a b/>', /"=" was expected/],
  ['<a b="1/>', /without end/],
  ['<a b="<"/>', /"<" in an attribute/],
  ['<a b="1" b="2"/>', /stands twice/],
  ['<a / >', /">" was expected/],
  ['< a/>', /a name was expected/],
  ['<1/>', /a name was expected/],
  ['<a><!-- x', /malformed comment/],
  ['<a><!-- x -- y --></a>', /malformed comment/],
  ['<a><!-- x ---></a>', /malformed comment/],
  ['<a><![CDATA[x]]</a>', /CDATA section without end/],
  ['<a>]]></a>', /"\]\]>" in a text/],
  ['<a>&nbsp;</a>', /unknown entity/],
  ['<a>&</a>', /unknown entity/],
  ['<a>&#0;</a>', /unknown entity/],
  ['<a>&#x1;</a>', /unknown entity/],
  ['<a>&#xD800;</a>', /unknown entity/],
  ['<a>&#x110000;</a>', /unknown entity/],
  ['<a>&#X41;</a>', /unknown entity/],
  ['<a b="&x;"/>', /unknown entity/],
  ['<a>\0</a>', /control character, at byte 3/],
  ['<a>\xff</a>', /not UTF-8/],
  ['<?xml version="1.0"?><a>\xe9</a>', /not UTF-8/],
  ['<?xml version="1.1"?><a/>', /malformed XML declaration/],
  ['<?xml encoding="utf-8"?><a/>', /malformed XML declaration/],
  ['<?xml version="1.0" encoding="utf-7"?><a/>', /encoding that cannot be inspected/],
  ['<?xml version="1.0" encoding="utf-16"?><a/>', /encoding that cannot be inspected/],
  ['<?xml version="1.0" encoding="ebcdic-cp-us"?><a/>', /encoding that cannot be inspected/],
  [' <?xml version="1.0"?><a/>', /not at the beginning/],
  ['<a><?XML version="1.0"?></a>', /not at the beginning/],
  ['<?p', /without end/],
  ['<?p+x?><a/>', /malformed processing instruction/],
  ['\xff\xfe<\0a\0/\0>\0', /control character/],
  ['<!DOCTYPE a><a/>', /document type/],
  ['<!DOCTYPE a SYSTEM "http://x.example/a.dtd"><a/>', /document type/],
  ['<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', /document type/],
  ['<!doctype html><html></html>', /document type/],
  ['<a><!ENTITY b "c"></a>', /document type/],
]

t.test('what is no XML, or not to be inspected, is an error', async (t) => {
  for (const [body, problem] of malformed) t.match(parseXml(body, limits).error, problem, body)
  t.equal(malformed.length, 51)
})

t.test('what stands before an error is kept', async (t) => {
  t.match(parseXml('<a b="1">x<c></a>', limits), { error: /closes nothing/, xml: { text: 'x', attributes: ['1'] } })
})

t.test('depth, texts and attributes are bounded', async (t) => {
  const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`
  t.equal(parseXml(nested(20), limits).error, undefined)
  t.match(parseXml(nested(21), limits).error, /nested deeper than 20 levels/)
  const few = { ...limits, argumentCount: 4 }
  t.equal(parseXml('<a b="1" c="2">x<!-- -->x<d> </d>y</a>', few).error, undefined)
  t.match(parseXml('<a b="1" c="2">x<d>y</d>z</a>', few).error, /more than 4 texts and attributes/)
  t.match(parseXml('<a b="1" c="2" d="3" e="4" f="5"/>', few).error, /more than 4 texts and attributes/)
})

t.test('the time grows with the length', async (t) => {
  const size = 500_000
  const wide = { ...limits, xmlDepth: 1_000_000, argumentCount: 1_000_000 }
  const hostile = ['<a>', '<', '<a', '<!--', '&', ']', '<a b="', '<a b="1" ', '<?a ', '<![CDATA[', '\r', '<a ']
  for (const piece of hostile) {
    for (const body of [`<a>${piece.repeat(size / piece.length)}`, piece.repeat(size / piece.length)]) {
      const spent = cpuMs(() => parseXml(body, wide))
      t.ok(spent < 1000, `${JSON.stringify(piece)}: ${Math.round(spent)} ms`)
    }
  }
})

t.test('any text that is escaped comes back', async (t) => {
  const runs = { seed: 4711, numRuns: 2000 }
  const escaped = (text: string) => text.replace(/[<>&"'\r\n\t]/g, (found) => `&#${found.charCodeAt(0)};`)
  const text = fc.string({ unit: fc.constantFrom('a', '<', '>', '&', '"', "'", ']', '\n', '\r', ' ', '-', '\xc3\xa9') })
  fc.assert(
    fc.property(text, text, (content, attribute) => {
      const { xml, error } = parseXml(`<a b="${escaped(attribute)}">${escaped(content)}</a>`, limits)
      return error === undefined && xml?.text === content && xml.attributes[0] === attribute
    }),
    runs,
  )
  t.comment(`seed ${runs.seed}, ${runs.numRuns} documents`)
})

t.test('whatever is sent, there is an answer', async (t) => {
  const runs = { seed: 815, numRuns: 5000 }
  const piece = fc.constantFrom(
    '<a',
    '>',
    '/>',
    '</a>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    'b="',
    '"',
    '&lt;',
    'x',
    ' ',
    '\0',
  )
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const { error } = parseXml(pieces.join(''), limits)
      return error === undefined || error.startsWith('XML: ') || pieces.length === 0
    }),
    runs,
  )
  t.comment(`seed ${runs.seed}, ${runs.numRuns} documents`)
})
