import t from 'tap'
import { variableWords } from '../../../src/waf/variables/index.ts'
import { exchange, load } from '../../helpers/rule-engine.ts'

const form = 'application/x-www-form-urlencoded'
const multipart = 'multipart/form-data; boundary=b'
const lines = (...text: string[]) => text.map((line) => `${line}\r\n`).join('')
const upload = lines(
  '--b',
  'Content-Disposition: form-data; name="note"',
  '',
  'hello',
  '--b',
  'Content-Disposition: form-data; name="up"; filename="cat.png"',
  'Content-Type: image/png',
  '',
  'PNG!',
  '--b--',
)
const oddUpload = lines('before', '--b', 'Content-Disposition: form-data; name=note', '', 'x', '--b--', 'after')
const fullRequest = `POST /a%20b/c.php?q=1&q=%41 HTTP/1.1\nHost: shop.example:8080\nX-A: 1\nCookie: s=1; t=2\nContent-Type: ${form}\nAuthorization: Basic YWxpY2U6cHc=\n\np=x+y`
const jan = new Date(2026, 0, 2, 3, 4, 5)

/** Variable in phase 5 of one exchange → what it holds, `name=value` each. */
const get: Readonly<Record<string, readonly string[]>> = {
  REQUEST_METHOD: ['REQUEST_METHOD=POST'],
  REQUEST_PROTOCOL: ['REQUEST_PROTOCOL=HTTP/1.1'],
  REQUEST_URI: ['REQUEST_URI=/a%20b/c.php?q=1&q=%41'],
  REQUEST_URI_RAW: ['REQUEST_URI_RAW=/a%20b/c.php?q=1&q=%41'],
  QUERY_STRING: ['QUERY_STRING=q=1&q=%41'],
  REQUEST_LINE: ['REQUEST_LINE=POST /a%20b/c.php?q=1&q=%41 HTTP/1.1'],
  REQUEST_FILENAME: ['REQUEST_FILENAME=/a b/c.php'],
  PATH_INFO: ['PATH_INFO=/a b/c.php'],
  REQUEST_BASENAME: ['REQUEST_BASENAME=c.php'],
  'REQUEST_HEADERS:X-A': ['REQUEST_HEADERS:X-A=1'],
  '&REQUEST_HEADERS_NAMES': ['REQUEST_HEADERS_NAMES=5'],
  'REQUEST_HEADERS_NAMES:x-a': ['REQUEST_HEADERS_NAMES:X-A=X-A'],
  REQUEST_COOKIES: ['REQUEST_COOKIES:s=1', 'REQUEST_COOKIES:t=2'],
  REQUEST_COOKIES_NAMES: ['REQUEST_COOKIES_NAMES:s=s', 'REQUEST_COOKIES_NAMES:t=t'],
  ARGS_GET: ['ARGS_GET:q=1', 'ARGS_GET:q=A'],
  ARGS_POST: ['ARGS_POST:p=x y'],
  ARGS: ['ARGS:q=1', 'ARGS:q=A', 'ARGS:p=x y'],
  ARGS_NAMES: ['ARGS_NAMES:q=q', 'ARGS_NAMES:q=q', 'ARGS_NAMES:p=p'],
  ARGS_GET_NAMES: ['ARGS_GET_NAMES:q=q', 'ARGS_GET_NAMES:q=q'],
  ARGS_POST_NAMES: ['ARGS_POST_NAMES:p=p'],
  ARGS_COMBINED_SIZE: ['ARGS_COMBINED_SIZE=8'],
  REQUEST_BODY: ['REQUEST_BODY=p=x+y'],
  REQUEST_BODY_LENGTH: ['REQUEST_BODY_LENGTH=5'],
  REQBODY_PROCESSOR: ['REQBODY_PROCESSOR=URLENCODED'],
  REQBODY_ERROR: ['REQBODY_ERROR=0'],
  REQBODY_ERROR_MSG: ['REQBODY_ERROR_MSG='],
  REQBODY_PROCESSOR_ERROR: ['REQBODY_PROCESSOR_ERROR=0'],
  REQBODY_PROCESSOR_ERROR_MSG: ['REQBODY_PROCESSOR_ERROR_MSG='],
  URLENCODED_ERROR: ['URLENCODED_ERROR=0'],
  INBOUND_DATA_ERROR: ['INBOUND_DATA_ERROR=0'],
  FULL_REQUEST: [`FULL_REQUEST=${fullRequest}`],
  FULL_REQUEST_LENGTH: [`FULL_REQUEST_LENGTH=${fullRequest.length}`],
  FILES: [],
  GEO: [],
  FILES_COMBINED_SIZE: ['FILES_COMBINED_SIZE=0'],
  MULTIPART_STRICT_ERROR: ['MULTIPART_STRICT_ERROR=0'],
  RESPONSE_STATUS: ['RESPONSE_STATUS=201'],
  STATUS_LINE: ['STATUS_LINE=201'],
  RESPONSE_ARGS: [],
  ARGS_PATH: [],
  RES_BODY_PROCESSOR: ['RES_BODY_PROCESSOR='],
  RES_BODY_ERROR: ['RES_BODY_ERROR=0'],
  RES_BODY_ERROR_MSG: ['RES_BODY_ERROR_MSG='],
  RES_BODY_PROCESSOR_ERROR: ['RES_BODY_PROCESSOR_ERROR=0'],
  RES_BODY_PROCESSOR_ERROR_MSG: ['RES_BODY_PROCESSOR_ERROR_MSG='],
  MODSEC_BUILD: ['MODSEC_BUILD=030015100'],
  MSC_PCRE_ERROR: ['MSC_PCRE_ERROR=0'],
  MSC_PCRE_LIMITS_EXCEEDED: ['MSC_PCRE_LIMITS_EXCEEDED=0'],
  STATUS: ['STATUS=201'],
  RESPONSE_PROTOCOL: ['RESPONSE_PROTOCOL=HTTP/1.1'],
  RESPONSE_BODY: ['RESPONSE_BODY=<b>'],
  RESPONSE_CONTENT_TYPE: ['RESPONSE_CONTENT_TYPE=text/html; charset=utf-8'],
  RESPONSE_CONTENT_LENGTH: ['RESPONSE_CONTENT_LENGTH=3'],
  OUTBOUND_DATA_ERROR: ['OUTBOUND_DATA_ERROR=0'],
  RESPONSE_HEADERS: ['RESPONSE_HEADERS:Content-Type=text/html; charset=utf-8', 'RESPONSE_HEADERS:X-B=2'],
  RESPONSE_HEADERS_NAMES: ['RESPONSE_HEADERS_NAMES:Content-Type=Content-Type', 'RESPONSE_HEADERS_NAMES:X-B=X-B'],
  REMOTE_ADDR: ['REMOTE_ADDR=192.0.2.1'],
  REMOTE_PORT: ['REMOTE_PORT=40000'],
  REMOTE_HOST: ['REMOTE_HOST=192.0.2.1'],
  SERVER_ADDR: ['SERVER_ADDR=198.51.100.1'],
  SERVER_PORT: ['SERVER_PORT=8080'],
  SERVER_NAME: ['SERVER_NAME=shop.example'],
  UNIQUE_ID: ['UNIQUE_ID=test-1'],
  AUTH_TYPE: ['AUTH_TYPE=Basic'],
  REMOTE_USER: ['REMOTE_USER=alice'],
  WEBAPPID: ['WEBAPPID=app'],
  TIME: ['TIME=03:04:05'],
  TIME_EPOCH: [`TIME_EPOCH=${jan.getTime() / 1000}`],
  TIME_DAY: ['TIME_DAY=2'],
  TIME_HOUR: ['TIME_HOUR=03'],
  TIME_MIN: ['TIME_MIN=04'],
  TIME_SEC: ['TIME_SEC=05'],
  TIME_MON: ['TIME_MON=0'],
  TIME_WDAY: ['TIME_WDAY=5'],
  TIME_YEAR: ['TIME_YEAR=2026'],
  DURATION: ['DURATION=25'],
  MATCHED_VAR: ['MATCHED_VAR=POST'],
  MATCHED_VAR_NAME: ['MATCHED_VAR_NAME=REQUEST_METHOD'],
  MATCHED_VARS: [],
  MATCHED_VARS_NAMES: [],
  HIGHEST_SEVERITY: ['HIGHEST_SEVERITY=4'],
  RULE: ['RULE:id=99', 'RULE:rev=7', 'RULE:severity=6', 'RULE:logdata=d', 'RULE:msg=m %{RULE.msg}'],
  TX: ['TX:a=1'],
  ENV: ['ENV:E=2'],
  IP: [...builtIn('IP', 'k'), 'IP:x=1'],
  GLOBAL: builtIn('GLOBAL', 'g'),
  SESSION: builtIn('SESSION', 'sid'),
  SESSIONID: ['SESSIONID=sid'],
  USER: builtIn('USER', 'uid'),
  USERID: ['USERID=uid'],
  RESOURCE: builtIn('RESOURCE', 'rid'),
}

/** The same for an upload. */
const uploaded: Readonly<Record<string, readonly string[]>> = {
  REQBODY_PROCESSOR: ['REQBODY_PROCESSOR=MULTIPART'],
  REQUEST_BODY: ['REQUEST_BODY='],
  ARGS_POST: ['ARGS_POST:note=hello'],
  FILES: ['FILES:up=cat.png'],
  FILES_NAMES: ['FILES_NAMES:up=up'],
  FILES_SIZES: ['FILES_SIZES:up=4'],
  FILES_TMP_CONTENT: ['FILES_TMP_CONTENT:up=PNG!'],
  FILES_COMBINED_SIZE: ['FILES_COMBINED_SIZE=4'],
  MULTIPART_FILENAME: ['MULTIPART_FILENAME:up=cat.png'],
  MULTIPART_NAME: ['MULTIPART_NAME:note=note', 'MULTIPART_NAME:up=up'],
  MULTIPART_PART_HEADERS: [
    'MULTIPART_PART_HEADERS:note=Content-Disposition: form-data; name="note"',
    'MULTIPART_PART_HEADERS:up=Content-Disposition: form-data; name="up"; filename="cat.png"',
    'MULTIPART_PART_HEADERS:up=Content-Type: image/png',
  ],
  MULTIPART_STRICT_ERROR: ['MULTIPART_STRICT_ERROR=0'],
}

/** And for one that different parsers would read differently. */
const odd: Readonly<Record<string, readonly string[]>> = {
  MULTIPART_STRICT_ERROR: ['MULTIPART_STRICT_ERROR=1'],
  MULTIPART_DATA_BEFORE: ['MULTIPART_DATA_BEFORE=1'],
  MULTIPART_DATA_AFTER: ['MULTIPART_DATA_AFTER=1'],
  MULTIPART_BOUNDARY_QUOTED: ['MULTIPART_BOUNDARY_QUOTED=0'],
  MULTIPART_BOUNDARY_WHITESPACE: ['MULTIPART_BOUNDARY_WHITESPACE=0'],
  MULTIPART_HEADER_FOLDING: ['MULTIPART_HEADER_FOLDING=0'],
  MULTIPART_LF_LINE: ['MULTIPART_LF_LINE=0'],
  MULTIPART_CRLF_LF_LINES: ['MULTIPART_CRLF_LF_LINES=0'],
  MULTIPART_MISSING_SEMICOLON: ['MULTIPART_MISSING_SEMICOLON=0'],
  MULTIPART_SEMICOLON_MISSING: ['MULTIPART_SEMICOLON_MISSING=0'],
  MULTIPART_INVALID_HEADER_FOLDING: ['MULTIPART_INVALID_HEADER_FOLDING=0'],
  MULTIPART_FILE_LIMIT_EXCEEDED: ['MULTIPART_FILE_LIMIT_EXCEEDED=0'],
  MULTIPART_UNMATCHED_BOUNDARY: ['MULTIPART_UNMATCHED_BOUNDARY=0'],
  MULTIPART_INVALID_PART: ['MULTIPART_INVALID_PART=0'],
  MULTIPART_INVALID_QUOTING: ['MULTIPART_INVALID_QUOTING=0'],
}

const seen = new Set<string>()

t.test('variables of a form that was posted', async (t) => {
  const headers = ['Host', 'shop.example:8080', 'X-A', '1', 'Cookie', 's=1; t=2', 'Content-Type', form]
  headers.push('Authorization', 'Basic YWxpY2U6cHc=')
  const request = { method: 'POST', target: '/a%20b/c.php?q=1&q=%41', headers, body: 'p=x+y' }
  for (const [name, expected] of Object.entries(get)) t.same(await read(name, request), expected, name)
})

t.test('variables of an upload', async (t) => {
  const request = { method: 'POST', headers: ['Content-Type', multipart], body: upload }
  for (const [name, expected] of Object.entries(uploaded)) t.same(await read(name, request), expected, name)
})

t.test('variables of an upload with oddities', async (t) => {
  const request = { method: 'POST', headers: ['Content-Type', multipart], body: oddUpload }
  for (const [name, expected] of Object.entries(odd)) t.same(await read(name, request), expected, name)
})

t.test('errors of bodies and query strings', async (t) => {
  const broken = { method: 'POST', headers: ['Content-Type', form], body: 'a=%zz' }
  t.same(await read('URLENCODED_ERROR', broken), ['URLENCODED_ERROR=1'])
  t.same(await read('URLENCODED_ERROR', { target: '/?a=%4' }), ['URLENCODED_ERROR=1'])
  const cut = { method: 'POST', headers: ['Content-Type', multipart], body: '--b\r\n' }
  t.same(await read('REQBODY_ERROR', cut), ['REQBODY_ERROR=1'])
  t.match((await read('REQBODY_ERROR_MSG', cut))[0], /^REQBODY_ERROR_MSG=./)
})

t.test('variables of an XML document', async (t) => {
  const request = {
    method: 'POST',
    headers: ['Content-Type', 'text/xml'],
    body: '<a b="1" c="&lt;"><d>x</d><e>y &amp; z</e></a>',
  }
  t.same(await read('XML:/*', request), ['XML:/*=xy & z', 'XML:/*=x', 'XML:/*=y & z'])
  t.same(await read('XML://@*', request), ['XML://@*=1', 'XML://@*=<'])
  t.same(await read('REQUEST_XML:/*', request), ['REQUEST_XML:/*=xy & z', 'REQUEST_XML:/*=x', 'REQUEST_XML:/*=y & z'])
  t.same(await read('RESPONSE_XML:/*', request), [])
  t.same(await read('&XML://@*', request), ['XML://@*=2'])
  t.same(await read('XML:/*|!XML', request), [])
  t.same(await read('REQBODY_PROCESSOR', request), ['REQBODY_PROCESSOR=XML'])
  t.same(await read('REQUEST_BODY', request), ['REQUEST_BODY='])
  t.same(await read('REQUEST_BODY', { ...request, headers: ['Content-Type', 'x/xml'] }), [
    `REQUEST_BODY=${request.body}`,
  ])
  t.same(await read('XML:/*', { ...request, body: '<a>only</a>' }), ['XML:/*=only'])
  t.same(await read('XML:/*', { method: 'GET' }), [])
  t.same(await read('REQBODY_ERROR', { ...request, body: '<!DOCTYPE a><a/>' }), ['REQBODY_ERROR=1'])
})

t.test('every variable was looked at', async (t) => {
  const names = variableWords.map(({ name }) => name)
  t.same(
    names.filter((name) => !seen.has(name)),
    [],
  )
  t.equal(names.length, new Set(names).size)
  t.equal(names.length, 113)
})

/** What the engine itself keeps in a collection that this transaction has opened first. */
function builtIn(name: string, key: string): string[] {
  const createdAt = Math.floor(jan.getTime() / 1000)
  const members = [
    `CREATE_TIME=${createdAt}`,
    'IS_NEW=1',
    `KEY=${key}`,
    'TIMEOUT=3600',
    'UPDATE_COUNTER=0',
    'UPDATE_RATE=0',
  ]
  return members.map((member) => `${name}:${member}`)
}

/** What a target holds in phase 5, as `name=value`. */
async function read(target: string, request: Parameters<typeof exchange>[1]): Promise<string[]> {
  seen.add(target.replace(/^&|:.*$/g, ''))
  const values: string[] = []
  const ruleSet = await load(
    `SecResponseBodyAccess On\nSecWebAppId app
     SecAction "id:1,phase:1,pass,severity:4,setvar:tx.a=1,setenv:E=2,initcol:ip=k,setvar:ip.x=1,initcol:global=g,setsid:sid,setuid:uid,setrsc:rid"
     SecRule REQUEST_METHOD "@rx ." "id:2,phase:1,pass"
     SecRule REQBODY_ERROR "@eq 9" "id:3,phase:2,deny"
     SecRule REQUEST_HEADERS:Content-Type "@endsWith /xml" "id:4,phase:1,pass,ctl:requestBodyProcessor=XML"
     SecRule REQUEST_HEADERS:Content-Type "@streq x/xml" "id:5,phase:1,pass,ctl:forceRequestBodyVariable=On"
     SecRule ${target} "@rx \\0none" "id:99,phase:5,pass,rev:7,severity:6,logdata:d,msg:'m %{RULE.msg}'"`,
    {
      trace: ({ ruleId, variable, value }) => ruleId === 99 && values.push(`${variable}=${value}`),
      now: () => jan.getTime() + 25,
    },
  )
  const headers = ['Content-Type', 'text/html; charset=utf-8', 'X-B', '2']
  await exchange(ruleSet, { ...request, receivedAtMs: jan.getTime() }, { status: 201, headers, body: '<b>' })
  return values
}
