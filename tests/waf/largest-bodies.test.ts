import t from 'tap'
import { InspectionThreads } from '../../src/inspection-threads/inspection-threads.ts'
import { longestHold } from '../helpers/longest-hold.ts'
import { exchange, load } from '../helpers/rule-engine.ts'

/**
 * Bodies as long as the limit lets them be, made to be slow to take apart, to log and to record. No part of that may hold the
 * event loop for longer than this, of this thread's processor time.
 */
const LONGEST_HOLD_MS = 50
const BYTES = 1_048_000
t.setTimeout(300_000)

const rules = `SecAuditEngine On
SecAuditLogParts ABCDEFHIJKZ
SecRule REQUEST_HEADERS:Content-Type "@rx json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:Content-Type "@rx xml" "id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule ARGS|ARGS_NAMES "@rx [a-z0-9(]" "id:10,phase:2,pass,log,logdata:'%{MATCHED_VAR}',capture,sanitiseMatched"
SecRule ARGS "@contains x" "id:11,phase:2,pass,log,t:urlDecodeUni,t:htmlEntityDecode,t:lowercase,logdata:'%{MATCHED_VAR}'"
SecRule REQUEST_BODY|FILES|FILES_TMP_CONTENT|XML:/* "@contains a" "id:12,phase:2,pass,log"
SecRule REQBODY_ERROR "!@eq 0" "id:13,phase:2,pass,log"
SecAction "id:14,phase:2,pass,nolog,sanitiseArg:a"`
const threads = new InspectionThreads({ count: 1 })
t.teardown(() => threads.close())
const ruleSet = await load(rules, { offload: threads })

const fill = (unit: string, bytes = BYTES) => unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes)
const part = (content: string, more = '') =>
  `--b\r\nContent-Disposition: form-data; name="a"${more}\r\n\r\n${content}\r\n`
const form = 'application/x-www-form-urlencoded'
const multipart = 'multipart/form-data; boundary=b'
const json = 'application/json'
const xml = 'text/xml'

const bodies: Readonly<Record<string, readonly [type: string, body: string]>> = {
  'one field': [form, `a=${fill('x1 ')}`],
  escapes: [form, `a=${fill('%41')}`],
  'more fields than are read': [form, fill('a1=x1&')],
  separators: [form, fill('&')],
  'a file': [multipart, `${part(fill('abc\r\n'), '; filename="f"')}--b--\r\n`],
  'a file of 12 MB': [multipart, `${part(fill('abc\r\n', 12 * BYTES), '; filename="f"')}--b--\r\n`],
  'near boundaries': [multipart, `${part(fill('\r\n--b'), '; filename="f"')}--b--\r\n`],
  'a part': [multipart, `${part(fill('x1 '))}--b--\r\n`],
  parts: [multipart, `${fill(part('x1'))}--b--\r\n`],
  'header lines of a part': [multipart, `--b\r\n${fill('X: y\r\n')}\r\n\r\nx\r\n--b--\r\n`],
  'a long text in JSON': [json, JSON.stringify({ a: fill('hello x1 ') })],
  'escapes in JSON': [json, `{"a":"${fill('\\u0041', 6 * 170_000)}"}`],
  'numbers in JSON': [json, `[${fill('1,', 1_000_000)}1]`],
  'depth of JSON': [json, fill('[')],
  elements: [xml, `<a>${fill('<b>x</b>', 8 * 130_000)}</a>`],
  attributes: [xml, `<a ${fill('b="x" ', 6 * 170_000)}/>`],
  references: [xml, `<a>${fill('x &amp; ', 8 * 130_000)}</a>`],
  'depth of XML': [xml, fill('<a>')],
  declarations: [xml, `<!DOCTYPE a [${fill('<!ENTITY x "y">')}]><a/>`],
}

t.test('no body holds the event loop for long', async (t) => {
  for (const [name, [type, body]] of Object.entries(bodies)) {
    let holdMs = Number.POSITIVE_INFINITY
    for (let run = 0; run < 4 && holdMs >= LONGEST_HOLD_MS; run++) {
      const headers = ['Host', 'shop.example', 'Content-Type', type]
      const measured = await longestHold(() => exchange(ruleSet, { method: 'POST', headers, body }))
      holdMs = Math.min(holdMs, measured.holdMs)
      t.notMatch(measured.result.verdict, { kind: 'failed' }, name)
    }
    t.ok(holdMs < LONGEST_HOLD_MS, `${name}: ${Math.round(holdMs)} ms`)
  }
})

t.test('nor does a name that selectors look at', async (t) => {
  const selecting = await load(
    'SecRule ARGS:/[a-z]+=/ "@rx ." "id:1,phase:2,deny"\nSecRule ARGS|!ARGS:/^(x+)+$/ "@streq hit" "id:2,phase:2,deny"',
    { offload: threads },
  )
  const headers = ['Host', 'shop.example', 'Content-Type', form]
  for (const [body, ruleId] of [
    [`${fill('x', 60_000)}=1`, undefined],
    [`${fill('x', 60_000)}%3D=1`, 1],
    [`${fill('x', 60_000)}y=hit`, 2],
  ] as const) {
    let holdMs = Number.POSITIVE_INFINITY
    for (let run = 0; run < 4 && holdMs >= LONGEST_HOLD_MS; run++) {
      const measured = await longestHold(() => exchange(selecting, { method: 'POST', headers, body }))
      holdMs = Math.min(holdMs, measured.holdMs)
      t.match(measured.result.verdict, ruleId === undefined ? { kind: 'pass' } : { kind: 'block', ruleId })
    }
    t.ok(holdMs < LONGEST_HOLD_MS, `rule ${ruleId}: ${Math.round(holdMs)} ms`)
  }
})
