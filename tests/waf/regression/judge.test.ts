import t from 'tap'
import { judge, loggedIds, type StageAnswer } from '../../../src/waf/regression/judge.ts'
import { isExpecting, type StageOutput } from '../../../src/waf/regression/test-case.ts'

const nothing: StageOutput = {
  status: undefined,
  responseContains: undefined,
  expectIds: [],
  forbiddenIds: [],
  matchRegex: undefined,
  noMatchRegex: undefined,
  error: 'unwanted',
  company: 'any',
  attempts: 1,
}

const lines = ['… [id "920100"] [msg "ids \\[id \\"7\\"\\]"]', '… [id "942100"] [data "\xc3\xa4"]']
const answer: StageAnswer = {
  kind: 'response',
  response: { status: 403, location: undefined, text: 'HTTP/1.1 403 No\r\n\r\nbl\xc3\xb6cked', state: 'complete' },
}
const none: StageAnswer = { kind: 'none', reason: 'nothing came' }

const cases: readonly [expected: Partial<StageOutput>, seen: StageAnswer, reason: RegExp | undefined][] = [
  [{}, answer, undefined],
  [{}, none, /nothing came/],
  [{ error: 'required' }, none, undefined],
  [{ error: 'required' }, answer, /expected no answer, got 403/],
  [{ error: 'required', expectIds: [1] }, none, undefined],
  [{ status: 403 }, answer, undefined],
  [{ status: 200 }, answer, /expected status 200, got 403/],
  [{ responseContains: /bl.ck/ }, answer, undefined],
  [{ responseContains: /passed/ }, answer, /does not contain "passed"/],
  [{ expectIds: [942100, 920100] }, answer, undefined],
  [{ expectIds: [942100, 942101] }, answer, /not logged: 942101/],
  [{ forbiddenIds: [942101] }, answer, undefined],
  [{ forbiddenIds: [942101, 942100] }, answer, /logged: 942100/],
  [{ matchRegex: /data "ä"/ }, answer, undefined],
  [{ matchRegex: /data "b"/ }, answer, /no log line matches data "b"/],
  [{ noMatchRegex: /data "b"/ }, answer, undefined],
  [{ noMatchRegex: /msg/ }, answer, /a log line matches msg/],
  [{ company: 'isolated', expectIds: [942100] }, answer, /not isolated: 920100, 942100/],
]

t.test('what was seen is judged by everything that is expected', async (t) => {
  for (const [expected, seen, reason] of cases) {
    const judgement = judge({ ...nothing, ...expected }, { answer: seen, lines })
    if (reason === undefined) t.same(judgement, { kind: 'passed' }, JSON.stringify(expected))
    else t.match(judgement, { kind: 'failed', reason }, String(reason))
  }
})

t.test('ids come from the id fields of lines, each once', async (t) => {
  t.strictSame(loggedIds([...lines, ...lines]), [920100, 942100])
})

t.test('an output without any expectation is known', async (t) => {
  t.notOk(isExpecting(nothing))
  const expectations = [
    { status: 200 },
    { responseContains: /x/ },
    { expectIds: [1] },
    { forbiddenIds: [1] },
    { matchRegex: /x/ },
    { noMatchRegex: /x/ },
    { error: 'required' },
  ] as const
  for (const one of expectations) t.ok(isExpecting({ ...nothing, ...one }), JSON.stringify(one))
})
