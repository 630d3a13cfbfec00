import t from 'tap'
import { EdgeError } from '../../src/errors.ts'
import { saysDebugLog } from '../helpers/debug-log.ts'
import { type EngineCase, findEngineCases } from '../helpers/modsecurity-cases.ts'
import { runObserved } from '../helpers/observation.ts'
import type { Outcome } from '../helpers/rule-engine.ts'

const unreadableBody = 'a body that cannot be parsed is refused where no rule looks at REQBODY_ERROR'

const bodyOfMultipart = 'REQUEST_BODY is empty for multipart'

const documentType = 'a document type is an error'

/** Where acme-edge does something else on purpose, and why. */
const divergences: Readonly<Record<string, string>> = {
  'action-disruptive[5]': 'drop closes the connection; it does not answer 403',
  'actions[2]': '306 is not the status of a redirect',
  'config-body_limits[0]': 'a response without an inspected type streams',
  'config-body_limits[2]': 'a request body without a parser streams',
  'config-body_limits[8]': 'beyond a limit the answer is 413',
  'config-body_limits[10]': 'beyond a limit the answer is 413',
  'config-body_limits[12]': 'beyond a limit the answer is 413',
  'config-body_limits[14]': 'header lines of parts do not count as fields',
  'config-update-action-by-id[3]': 'a rule without disruptive action inherits the one of SecDefaultAction',
  'config-update-target-by-id[3]': '!ARGS leaves ARGS_NAMES alone',
  'config-xml_external_entity[0]': documentType,
  'issue-1825[1]': 'two file names of one part are an error',
  'issue-1825[6]': 'two file names of one part are an error',
  'issue-1831[2]': 'GLOBAL needs initcol',
  'offset-variable[30]': bodyOfMultipart,
  'offset-variable[31]': bodyOfMultipart,
  'offset-variable[32]': 'ref points at the first byte of the body, not at the one before',
  'variable-ARGS_POST_NAMES[3]': 'ref points at the name of a field, not behind it',
  'request-body-parser-multipart[17]': 'single quotes do not quote a name',
  'variable-ENV[0]': 'the environment of the process is not shown',
  'variable-ENV[1]': 'the environment of the process is not shown',
  'variable-ENV[3]': 'the environment of the process is not shown',
  'variable-INBOUND_DATA_ERROR[1]': 'a request body without a parser streams',
  'variable-MULTIPART_STRICT_ERROR[5]': 'a boundary with blanks in it is an error',
  'variable-MULTIPART_UNMATCHED_BOUNDARY[0]': unreadableBody,
  'variable-OUTBOUND_DATA_ERROR[1]': 'a response beyond the limit is refused before phase 4',
  'variable-RULE[6]': 'IP needs initcol',
  'variable-TX[4]': 'of a group inside a repetition only what its last turn captured is kept',
  'variable-REQUEST_BODY_LENGTH[0]': unreadableBody,
  'variable-REQUEST_HEADERS[0]': unreadableBody,
  'variable-REQUEST_URI[1]': 'a fragment in the target is inspected, not cut off',
  'variable-REQUEST_URI[2]': 'a fragment in the target is inspected, not cut off',
  'variable-RESPONSE_HEADERS[0]': unreadableBody,
  'variable-XML[0]': documentType,
}

/** Features that a case needs and acme-edge does not have; none of them is silently ignored at load. */
const missing: readonly (readonly [feature: string, problem: RegExp])[] = [
  ['XML schemas', /external entities|validateDTD|validateSchema/i],
  ['XML without a selector', /XML needs a selector/],
  ['scripts', /exec|SecRuleScript|inspectFile/],
  ['remote rules', /SecRemoteRules|SecRemoteRulesFailAction|gist\.github/],
  ['files kept on disk', /FILES_TMPNAMES/],
  ['detectSQLi and detectXSS', /detectSQLi|detectXSS/],
  ['other operators', /fuzzyHash/],
  ['other variables', /unknown variable/],
  ['files of the other suite', /no file matches|cannot be read/],
  ['rules without id or with broken quotes', /has no id|unterminated quote/],
]

type Verdict = 'passed' | 'failed' | 'expects nothing' | `needs ${string}`

const cases = findEngineCases()

t.test('whole-engine cases', { skip: cases ? false : 'the shared cases are not beside this repository' }, async (t) => {
  const counts = new Map<string, number>()
  const failed: string[] = []
  for (const engineCase of cases ?? []) {
    const verdict = await judge(engineCase)
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
    if (verdict === 'failed') failed.push(engineCase.name)
  }
  for (const [verdict, count] of [...counts].sort()) t.comment(`${verdict}: ${count}`)
  t.same(failed, Object.keys(divergences).sort(bySuite), 'only the named divergences fail')
  t.equal(cases?.length, 499)
  const needs = [...counts].reduce((sum, [verdict, count]) => sum + (verdict.startsWith('needs ') ? count : 0), 0)
  t.ok(needs * 10 <= (cases?.length ?? 0), `at most one in ten needs something that is not there: ${needs}`)
  t.ok((counts.get('passed') ?? 0) >= PASSED_FLOOR, `at least ${PASSED_FLOOR} pass`)
})

const PASSED_FLOOR = 418

async function judge({ rules, request, response, expected }: EngineCase): Promise<Verdict> {
  let result: Awaited<ReturnType<typeof runObserved>>
  try {
    result = await runObserved(rules, request, response)
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error
    return expected.isRefusedAtLoad ? 'passed' : missingFeature(error)
  }
  if (expected.isRefusedAtLoad) return 'failed'
  return judgeOutcome(expected, result)
}

function judgeOutcome(
  { status, errorLog, debugLog }: EngineCase['expected'],
  { outcome, observation }: Awaited<ReturnType<typeof runObserved>>,
): Verdict {
  if (status !== undefined && status !== statusOf(outcome)) return 'failed'
  if (errorLog !== undefined && !new RegExp(errorLog, 's').test(outcome.lines.join('\n'))) return 'failed'
  const said = debugLog === undefined ? undefined : saysDebugLog(debugLog, outcome, observation)
  if (said === false) return 'failed'
  if (status === undefined && errorLog === undefined && debugLog === undefined) return 'expects nothing'
  return (status ?? errorLog ?? said) ? 'passed' : 'needs the debug log'
}

function statusOf({ verdict }: Outcome): number {
  return verdict.kind === 'block' || verdict.kind === 'redirect' ? verdict.status : verdict.kind === 'pass' ? 200 : 0
}

function missingFeature({ problems }: EdgeError): Verdict {
  const messages = problems.map(({ message }) => message).join('\n')
  const found = missing.find(([, problem]) => problem.test(messages))
  return found ? `needs ${found[0]}` : `needs something unnamed: ${messages}`
}

function bySuite(a: string, b: string): number {
  const place = (wanted: string) => cases?.findIndex(({ name }) => name === wanted) ?? 0
  return place(a) - place(b)
}
