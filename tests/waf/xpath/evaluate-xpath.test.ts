import t from 'tap'
import { parseXml } from '../../../src/waf/bodies/xml.ts'
import { evaluateXpath } from '../../../src/waf/xpath/evaluate-xpath.ts'
import { parseXpath } from '../../../src/waf/xpath/parse-xpath.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'
import { limits } from '../bodies/limits.ts'

const soap = 'http://schemas.xmlsoap.org/soap/envelope/'

function select(expression: string, body: string): string[] | string {
  const parsed = parseXpath(expression, new Map([['q', soap]]))
  if (parsed.kind === 'invalid') return parsed.message
  const { xml, error } = parseXml(body, { ...limits, xmlDepth: 256 }, { intoArguments: 'no', asDocument: true })
  return error ?? evaluateXpath(parsed.steps, xml?.document ?? { elements: [], texts: [], text: '' })
}

// What libxml2 gives in libmodsecurity 3.0.15.
t.test('elements, texts and attributes in the order of the document', async (t) => {
  const document = '<a k="0"><b>1</b><b x="y">2<c>3</c>4</b><d/><a><b>5<![CDATA[6]]><!-- -->7</b></a></a>'
  const cases: Readonly<Record<string, readonly string[]>> = {
    '/a/b': ['1', '234'],
    '//b': ['1', '234', '567'],
    '/a//b': ['1', '234', '567'],
    '/a/a/b': ['567'],
    '/b': [],
    '/a': ['1234567'],
    '/*/*': ['1', '234', '', '567'],
    '/a/b/text()': ['1', '2', '4'],
    '//c/text()': ['3'],
    '/a/@k': ['0'],
    '/a/b/@x': ['y'],
    '//@x': ['y'],
    '/a/@x': [],
    '//b[@x]': ['234'],
    "//b[@x='z']": [],
    '//*[text()]': ['1', '234', '3', '567'],
    "//*[local-name()='c']": ['3'],
    '//d': [''],
  }
  for (const [expression, values] of Object.entries(cases)) t.same(select(expression, document), values, expression)
})

t.test('names are those of namespaces, whatever the prefix', async (t) => {
  const envelope = (open: string) =>
    `<${open}:Envelope xmlns:${open}="${soap}"><${open}:Body><x>1</x></${open}:Body></${open}:Envelope>`
  t.same(select('/q:Envelope/q:Body//*', envelope('soap')), ['1'])
  t.same(select('/q:Envelope/q:Body//*', envelope('other')), ['1'])
  t.same(select('/q:Envelope/q:Body', `<Envelope xmlns="${soap}"><Body>1</Body></Envelope>`), ['1'])
  t.same(select('/q:Envelope/q:Body', '<Envelope><Body>1</Body></Envelope>'), [])
  t.same(select('/Envelope', `<Envelope xmlns="${soap}"/>`), [], 'a name without prefix is of no namespace')
  t.same(select('/q:a/b', `<a xmlns="${soap}"><b xmlns="">1</b></a>`), ['1'], 'xmlns="" takes the default back')
  t.same(select('/q:a/@q:b', `<s:a xmlns:s="${soap}" b="1" s:b="2"/>`), ['2'])
  t.same(select('//@*', `<a xmlns="${soap}" b="1"/>`), ['1'], 'a declaration is no attribute')
  t.same(select('/q:*', `<s:a xmlns:s="${soap}">1</s:a>`), ['1'])
})

t.test('a document of many elements is refused, one of nested scopes is read in time', async (t) => {
  t.match(select('//a', `<a>${'<b/>'.repeat(30_000)}</a>`), /more than 20000 elements/)
  const depth = 200
  const open = Array.from({ length: depth }, (_, i) => `<n xmlns:p${i}="u">`).join('')
  const nested = `${open}${'<q:x/>'.repeat(15_000)}${'</n>'.repeat(depth)}`
  const spent = await cpuMs(() => t.same(select('//q:x', nested), []))
  t.ok(spent < 1000, `${spent} ms`)
})
