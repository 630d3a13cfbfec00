import t from 'tap'
import { EdgeError } from '../../src/errors.ts'
import { saysDebugLog } from '../helpers/debug-log.ts'
import { findDivergence } from '../helpers/engine-divergences.ts'
import { type EngineCase, findEngineCases } from '../helpers/modsecurity-cases.ts'
import { runObserved } from '../helpers/observation.ts'
import type { Outcome } from '../helpers/rule-engine.ts'

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

type Verdict = 'passed' | 'failed' | 'expects nothing' | `needs ${string}` | `differs: ${string}`

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
  t.same(failed, [], 'only cases of named divergences fail')
  t.equal(cases?.length, 499)
  const sum = (prefix: string): number =>
    [...counts].reduce((total, [verdict, count]) => total + (verdict.startsWith(prefix) ? count : 0), 0)
  const needs = sum('needs ')
  t.ok(sum('differs: ') <= DIFFERENT_CEILING, `at most ${DIFFERENT_CEILING} differ`)
  t.ok(needs * 10 <= (cases?.length ?? 0), `at most one in ten needs something that is not there: ${needs}`)
  t.ok((counts.get('passed') ?? 0) >= PASSED_FLOOR, `at least ${PASSED_FLOOR} pass`)
})

const PASSED_FLOOR = 418
const DIFFERENT_CEILING = 34

async function judge(engineCase: EngineCase): Promise<Verdict> {
  const { rules, request, response, expected } = engineCase
  let result: Awaited<ReturnType<typeof runObserved>>
  try {
    result = await runObserved(rules, request, response)
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error
    return expected.isRefusedAtLoad ? 'passed' : missingFeature(error)
  }
  if (expected.isRefusedAtLoad) return 'failed'
  const verdict = judgeOutcome(expected, result)
  const reason = verdict === 'failed' ? findDivergence(engineCase, result.outcome) : undefined
  return reason === undefined ? verdict : `differs: ${reason}`
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
