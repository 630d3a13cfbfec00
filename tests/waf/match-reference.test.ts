import t from 'tap'
import { exchange, load, run, type TestRequest } from '../helpers/rule-engine.ts'

/** The `ref` of the first line. */
async function referenceOf(rule: string, request: TestRequest): Promise<string | undefined> {
  const { lines } = await run(rule, request)
  return /\[ref "(.*?)"\]/.exec(lines[0] ?? '')?.[1]
}

function all(variable: string, more = ''): string {
  return `SecRule ${variable} "@unconditionalMatch" "id:1,phase:2,pass${more}"`
}

// Host begins at byte 53, the body at 224.
const form: TestRequest = {
  method: 'POST',
  target: '/d/index%20x.html?p1=v%201&p2=v2&p1=v1',
  headers: [
    ...['Host', 'localhost', 'User-Agent', 'curl/7', 'Cookie', 'USER=Yes; a=z'],
    ...['Authorization', 'Basic QWxhZGRpbjpPcGVuU2VzYW1l'],
    ...['Content-Type', 'application/x-www-form-urlencoded', 'Content-Length', '27'],
  ],
  body: 'a=1&bb=%32&a=3',
}

t.test('values of a request and where they stand', async (t) => {
  const places: readonly (readonly [variable: string, reference: string])[] = [
    ['REQUEST_METHOD', 'v0,4'],
    ['REQUEST_LINE', 'v0,52'],
    ['REQUEST_PROTOCOL', 'v44,8'],
    ['REQUEST_URI', 'v5,38'],
    ['REQUEST_URI_RAW', 'v5,38'],
    ['REQUEST_FILENAME', 'v5,17'],
    ['REQUEST_BASENAME', 'v8,12'],
    ['PATH_INFO', 'v5,17'],
    ['QUERY_STRING', 'v23,20'],
    ['ARGS_GET', 'v26,3v35,2v41,2'],
    ['ARGS_GET_NAMES', 'v23,2v32,2v38,2'],
    ['ARGS_POST', 'v226,1v231,1v237,1'],
    ['ARGS_POST_NAMES', 'v224,1v228,2v235,1'],
    ['ARGS:a', 'v226,1v237,1'],
    ['ARGS_NAMES:/^p2$/', 'v32,2'],
    ['ARGS_COMBINED_SIZE', 'v23,2v26,3v32,2v35,2v38,2v41,2v224,1v226,1v228,2v231,1v235,1v237,1'],
    ['REQUEST_HEADERS', 'v59,9v81,6v96,13v125,30v170,33v220,2'],
    ['REQUEST_HEADERS_NAMES', 'v53,4v69,10v88,6v110,13v156,12v204,14'],
    ['REQUEST_COOKIES', 'v101,3v108,1'],
    ['REQUEST_COOKIES_NAMES', 'v96,4v106,1'],
    ['AUTH_TYPE', 'v125,5'],
    ['REMOTE_USER', 'v125,30'],
    ['SERVER_NAME', 'v59,9'],
    ['REQUEST_BODY', 'v224,14'],
    ['REQUEST_BODY_LENGTH', 'v224,14'],
    ['&ARGS', ''],
    ['&REQUEST_METHOD', ''],
    ['REMOTE_ADDR', ''],
    ['TIME', ''],
  ]
  for (const [variable, reference] of places) t.equal(await referenceOf(all(variable), form), reference, variable)
})

t.test('members that are empty or have no value', async (t) => {
  const request = { target: '/a?b=c&b=c+d&e&=f&&g=1&', headers: ['Cookie', 'a=1;  b=2;; c; d='] }
  t.equal(await referenceOf(all('ARGS'), request), 'v9,1v13,3v19,0v20,1v23,0v25,1')
  t.equal(await referenceOf(all('ARGS_NAMES'), request), 'v7,1v11,1v17,1v19,0v22,0v23,1')
  t.equal(await referenceOf(all('REQUEST_COOKIES_NAMES'), request), 'v45,1v51,1v57,1v60,1')
})

t.test('fields and files of a multipart body', async (t) => {
  const upload: TestRequest = {
    method: 'POST',
    headers: ['Host', 'h', 'Content-Type', 'multipart/form-data; boundary=0000'],
    body: [
      '--0000\r\nContent-Disposition: form-data; name="a"\r\n\r\nfirst\r\n',
      '--0000\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: t/p\r\n\r\ncontent\r\n',
      '--0000\r\nContent-Disposition: form-data; name=b; filename=y.txt\r\n\r\ncontent2\r\n--0000--\r\n',
    ].join(''),
  }
  const message = `POST / HTTP/1.1\nHost: h\nContent-Type: multipart/form-data; boundary=0000\n\n${upload.body}`
  const at = (text: string, length: number) => `v${message.indexOf(text)},${length}`
  const places: readonly (readonly [variable: string, reference: string])[] = [
    ['ARGS', at('first', 5)],
    ['ARGS_NAMES', at('a"\r', 1)],
    ['FILES', at('x.txt', 5) + at('y.txt', 5)],
    ['FILES_NAMES', at('f";', 1) + at('b; f', 1)],
    ['MULTIPART_NAME', at('a"\r', 1) + at('f";', 1) + at('b; f', 1)],
    ['FILES_SIZES:b', at('content2', 8)],
    ['FILES_COMBINED_SIZE', at('content\r', 7) + at('content2', 8)],
    ['FILES_TMP_CONTENT', at('content\r', 7) + at('content2', 8)],
    ['REQUEST_BODY_LENGTH', at('--0000\r\nContent-Disposition: form-data; name="a"', upload.body?.length ?? 0)],
  ]
  for (const [variable, reference] of places) t.equal(await referenceOf(all(variable), upload), reference, variable)
})

t.test('what an operator found, in the value as it saw it', async (t) => {
  const operators: readonly (readonly [operator: string, value: string, reference: string])[] = [
    ['@rx b(c)|(d)', 'abcd', 'o1,2o2,1v8,4'],
    ['@rx b(z)?(c)', 'abcd', 'o1,2o2,1v8,4'],
    ['@rxGlobal b(c)', 'abcabc', 'o1,2o2,1o4,2o5,1v8,6'],
    ['@contains b', 'abab', 'o1,1v8,4'],
    ['@containsWord b', 'ab+b+b', 'o3,1v8,6'],
    ['@beginsWith a', 'ab', 'o0,1v8,2'],
    ['@endsWith b', 'aab', 'o2,1v8,3'],
    ['@within xxabyy', 'ab', 'o2,2v8,2'],
    ['@streq ab', 'ab', 'v8,2'],
    ['@pm b ab', 'xxab', 'o2,2v8,4'],
    ['@eq 1', '1', 'v8,1'],
    ['@validateByteRange 97', 'abcab', 'o1,1o2,1o4,1v8,5'],
    ['@validateUrlEncoding', '%25zz', 'o0,3v8,3'],
    ['@verifySSN \\d{3}-?\\d{2}-?\\d{4}', 'aa224-88-2046', 'o2,11v8,13'],
    ['!@rx b', 'acd', 'v8,3'],
    ['!@contains b', 'acd', 'v8,3'],
  ]
  for (const [operator, value, reference] of operators) {
    t.equal(await referenceOf(`SecRule ARGS "${operator}" "id:1,phase:2,pass"`, { target: `/?x=${value}` }), reference)
  }
})

t.test('transformations, chains and multiMatch', async (t) => {
  const request = { target: '/?x=+aA&y=11' }
  t.equal(await referenceOf(all('ARGS:x', ',t:trim,t:lowercase'), request), 'v8,3t:trim,t:lowercase')
  t.equal(await referenceOf(all('ARGS:x', ',t:md5,t:none,t:trim'), request), 'v8,3t:trim')
  const chain = 'SecRule ARGS "@rx 1" "id:1,phase:2,pass,chain"\nSecRule REQUEST_METHOD "@streq GET" "t:none"'
  t.equal(await referenceOf(chain, request), 'o0,1v14,2v0,3')
  const stepwise = 'SecRule ARGS:x "@rx A|aa" "id:1,phase:2,pass,multiMatch,t:trim,t:lowercase"'
  t.equal(await referenceOf(stepwise, request), 'o2,1v8,3o1,1v8,3t:trimo0,2v8,3t:trim,t:lowercase')
})

t.test('many rules that match in one long form have the same reference', async (t) => {
  const rules = Array.from({ length: 100 }, (_, i) => `SecRule ARGS_POST "@rx z" "id:${i + 1},phase:2,pass"`).join('\n')
  const body = `${'a=b&'.repeat(900)}a=${'x'.repeat(900_000)}z`
  const request = { method: 'POST', headers: ['Content-Type', 'application/x-www-form-urlencoded'], body }
  const ruleSet = await load(rules)
  const { lines } = await exchange(ruleSet, request)
  t.equal(lines.length, 100)
  t.match(lines[99], /\[ref "o900000,1v3667,900001"\]/)
})

t.test('a request full of matches does not make a long line', async (t) => {
  const { lines } = await run(all('ARGS'), { target: `/?${'a=1&'.repeat(5000)}` })
  const [line = ''] = lines
  t.equal(lines.length, 1)
  t.ok(line.length < 2500, `${line.length} characters`)
  t.match(line, /\[ref "v8,1v12,1v16,1/)
})
