import t from 'tap'
import { variableWords } from '../../../src/waf/variables/index.ts'
import { places } from '../../helpers/attack-requests.ts'
import type { TestRequest } from '../../helpers/rule-engine.ts'
import { pairOf } from '../../helpers/screening-pair.ts'

const rules = `SecRequestBodyAccess On
  SecResponseBodyAccess On
  SecRule REQUEST_HEADERS:Content-Type "@rx json" "id:1,phase:1,pass,log,severity:2,ctl:requestBodyProcessor=JSON"
  SecRule REQUEST_HEADERS:Content-Type "@rx xml" "id:2,phase:1,pass,log,ctl:requestBodyProcessor=XML"
  SecAction "id:3,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},initcol:global=all,setsid:one,setuid:two,setrsc:three"
  SecAction "id:4,phase:1,pass,nolog,setvar:ip.count=+1,setvar:global.Sum=1,setvar:session.a=b,setvar:user.c=d,setvar:resource.e=f"
  SecAction "id:5,phase:3,pass,nolog,setvar:tx.Name=%{REQUEST_URI},setenv:env=%{ARGS.q},ctl:responseBodyProcessor=JSON"
  SecRule ARGS|ARGS_NAMES|REQUEST_HEADERS|REQUEST_URI "@rx (.+)" "id:6,phase:5,pass,log,capture,multiMatch,t:urlDecodeUni"`

/** Every way into a request, with bytes of all kinds and what could become characters that are none. */
const texts = ['a=b&c', '\x00\x01\xe9\xff', '\xc3\xa9\xe2\x82\xac', '%u20ac&#8364;\\u20ac', 'plain']
const oddities: readonly TestRequest[] = [
  {
    headers: ['Content-Type', 'application/json'],
    method: 'POST',
    body: '{"\\u20ac":"\\u0141\\ud83d\\ude00","\\ud800":1}',
  },
  {
    headers: ['Content-Type', 'text/xml'],
    method: 'POST',
    body: '<a b="&#8364;">&#x20ac;&#x1f600;<![CDATA[\xff]]></a>',
  },
  { headers: ['Content-Type', 'application/json'], method: 'POST', body: '{"a":"\xff\xc3\xa9' },
  {
    headers: [
      'Authorization',
      `Basic ${Buffer.from('€:x').toString('base64')}`,
      'Cookie',
      '€=1'.replace('€', '\xe2\x82\xac'),
    ],
  },
]

t.test('entries bear the name of their variable, and are bytes', async (t) => {
  const pair = await pairOf(rules)
  const requests = [...Object.values(places).flatMap((place) => texts.map(place)), ...oddities]
  const seen = new Set<string>()
  const wrong = new Set<string>()
  for (const request of requests) {
    const response = {
      headers: ['Content-Type', 'text/html', 'X-\xe9', '\xff'],
      body: '{"x":"\\u20ac","y":[1,"\xe9"]}',
    }
    const state = await pair.finalState(request, response)
    for (const word of variableWords) {
      for (const { collection, key = '', cell, lowerKey } of word.read(state)) {
        seen.add(word.name)
        // Screening puts values in the order of a rule's targets by this name.
        if (collection !== word.name) wrong.add(`${word.name} is said to be ${collection}`)
        // It looks at the low byte of characters, operators at all of them.
        if (/[^\0-\xff]/.test(key + cell.raw)) wrong.add(`${word.name} holds ${JSON.stringify(key + cell.raw)}`)
        const found = word.find?.(state, lowerKey).map((entry) => [entry.key, entry.cell.raw])
        const filtered = word.read(state).filter((entry) => entry.lowerKey === lowerKey)
        if (found !== undefined)
          t.same(
            found,
            filtered.map((entry) => [entry.key, entry.cell.raw]),
            word.name,
          )
      }
    }
  }
  t.strictSame([...wrong], [])
  t.ok(seen.size > 60, `${seen.size} variables had values`)
})
