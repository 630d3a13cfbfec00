import t from 'tap'
import { parseXml } from '../../../src/waf/bodies/xml.ts'
import { run } from '../../helpers/rule-engine.ts'
import { limits } from './limits.ts'

const also = { intoArguments: 'also', asDocument: false } as const

const document =
  '<a b="c"><d>one</d><d>two<e x="y">three</e>tail</d><f/><g>  </g><h><![CDATA[cd]]></h><n:k xmlns:n="u">v</n:k></a>'

t.test('the text of elements under the path to them', async (t) => {
  const { arguments: found, xml, error } = parseXml(document, limits, also)
  t.equal(error, undefined)
  t.same(
    found.map(({ name, value }) => `${name}=${value}`),
    ['xml.a.d=one', 'xml.a.d.e=three', 'xml.a.d=twotail', 'xml.a.f=', 'xml.a.g=  ', 'xml.a.h=cd', 'xml.a.k=v'],
  )
  t.ok(xml)
  t.equal(parseXml(document, limits, { ...also, intoArguments: 'only' }).xml, undefined)
  t.same(parseXml(document, limits).arguments, [])
})

t.test('their number and the length of their names are bounded', async (t) => {
  const many = `<a>${'<b/>'.repeat(20)}</a>`
  t.match(parseXml(many, { ...limits, argumentCount: 10 }, also).error, /more than 10 arguments/)
  const name = 'n'.repeat(100_000)
  const long = `<${name}>${'<b/>'.repeat(50)}</${name}>`
  t.match(parseXml(long, { ...limits, argumentCount: 1000 }, also).error, /names of more than/)
  t.equal(parseXml(long, { ...limits, argumentCount: 1000 }).error, undefined)
})

t.test('SecParseXmlIntoArgs and ctl:parseXmlIntoArgs', async (t) => {
  const request = { method: 'POST', headers: ['Content-Type', 'text/xml'], body: '<a><b>evil</b></a>' }
  const rules = (directive: string, ctl = '') => `${directive}
    SecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=XML${ctl}"
    SecRule ARGS:xml.a.b "@streq evil" "id:2,phase:2,pass"
    SecRule XML:/* "@streq evil" "id:3,phase:2,pass"`
  t.same((await run(rules(''), request)).logged, [3])
  t.same((await run(rules('SecParseXmlIntoArgs On'), request)).logged, [2, 3])
  t.same((await run(rules('SecParseXmlIntoArgs OnlyArgs'), request)).logged, [2])
  t.same((await run(rules('SecParseXmlIntoArgs Off'), request)).logged, [3])
  t.same((await run(rules('', ',ctl:parseXmlIntoArgs=On'), request)).logged, [2, 3])
  t.same((await run(rules('SecParseXmlIntoArgs On', ',ctl:parseXmlIntoArgs=Off'), request)).logged, [3])
})
