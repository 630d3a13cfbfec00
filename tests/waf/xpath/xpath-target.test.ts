import t from 'tap'
import { EdgeError } from '../../../src/errors.ts'
import { exchange, load, run } from '../../helpers/rule-engine.ts'

const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
const asXml = 'SecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"'
const request = {
  method: 'POST',
  headers: ['Content-Type', 'text/xml'],
  body: `<e:Envelope xmlns:e="${soap}"><e:Body><login user="bob"><name>evil</name></login></e:Body></e:Envelope>`,
}

t.test('rules look at what an XPath expression selects', async (t) => {
  const { logged, lines } = await run(
    `${asXml}
     SecRule XML:/soap:Envelope/soap:Body//* "@streq evil" "id:2,phase:2,pass,xmlns:soap='${soap}'"
     SecRule XML:/soap:Envelope/soap:Body/login/@user "@streq bob" "id:3,phase:2,pass,xmlns:soap=${soap}"
     SecRule &XML://name "@eq 1" "id:4,phase:2,pass"
     SecRule XML:/soap:Envelope/name "@rx ." "id:5,phase:2,pass,xmlns:soap=urn:other"
     SecRule XML:/* "@contains evil" "id:6,phase:2,pass"`,
    request,
  )
  t.same(logged, [2, 3, 4, 6])
  t.match(lines[0], /against variable `XML:\/soap:Envelope\/soap:Body\/\/\*'/)
})

t.test('several expressions in one rule, beside others', async (t) => {
  const body = '<a><b>1</b><c>evil</c><d k="evil">3</d></a>'
  const see = async (targets: string) => {
    const { trace, logged } = await run(`${asXml}\nSecRule ${targets} "@rx evil" "id:2,phase:2,pass"`, {
      ...request,
      body,
    })
    return [logged, trace.filter(({ ruleId }) => ruleId === 2).map(({ variable, value }) => `${variable}=${value}`)]
  }
  t.same(await see('XML:/a/b|XML:/a/c|XML://@*|ARGS'), [[2], ['XML:/a/b=1', 'XML:/a/c=evil', 'XML://@*=evil']])
  t.same(await see('XML:/a/b|XML:/A/c'), [[], ['XML:/a/b=1']])
  t.same(await see('XML:/a/c|!XML'), [[], []])
  t.same(
    (await exchange(await load(`${asXml}\nSecRule XML:/a/c|!XML "@rx evil" "id:2,phase:2,pass"`), { ...request, body }))
      .logged,
    [],
  )
  t.same(
    (
      await exchange(await load(`${asXml}\nSecRule XML:/a/b|XML:/a/c "@rx evil" "id:2,phase:2,pass"`), {
        ...request,
        body,
      })
    ).logged,
    [2],
  )
})

t.test('the whole of XML can be taken from such a rule', async (t) => {
  const rule = 'SecRule XML://name "@streq evil" "id:2,phase:2,pass"'
  t.same((await run(`${asXml}\n${rule}`, request)).logged, [2])
  t.same((await run(`${asXml}\n${rule}\nSecRuleUpdateTargetById 2 !XML`, request)).logged, [])
  t.same(
    (await run(`SecAction "id:3,phase:1,pass,nolog,ctl:ruleRemoveTargetById=2;XML"\n${asXml}\n${rule}`, request))
      .logged,
    [],
  )
})

t.test('expressions and namespaces that do not fit are refused with their place', async (t) => {
  const problemOf = (rules: string) =>
    load(rules).then(
      () => undefined,
      (error: unknown) => (error instanceof EdgeError ? error.problems[0] : undefined),
    )
  t.match(await problemOf('SecRule XML:/a[1] "x" "id:1"'), {
    location: { column: 15 },
    message: /this predicate of XPath/,
  })
  t.match(await problemOf('SecRule XML:/s:a "x" "id:1"'), { location: { column: 14 }, message: /prefix "s"/ })
  t.match(await problemOf('SecRule ARGS "x" "id:1,xmlns:soap"'), { message: /xmlns must be prefix=uri/ })
  t.match(await problemOf('SecRule ARGS "x" "id:1,xmlns:soap=schemas.example/soap"'), { message: /an absolute URI/ })
  t.match(await problemOf('SecRule ARGS|!XML:/a "x" "id:1"'), {
    message: /of XML only \/\* and \/\/@\* can be left out/,
  })
})
