import { buildRequest } from './build-request.ts'
import { followRedirect, type PreviousStage } from './follow-redirect.ts'
import { type Judgement, judge, loggedIds, type StageObservation } from './judge.ts'
import { isExpecting, type RegressionTest, type StageInput, type TestDestination, type TestStage } from './test-case.ts'

/** One request of a test, ready to be sent. */
export interface StageRequest {
  readonly testId: string
  readonly bytes: Buffer
  readonly destination: TestDestination
  readonly markerHost: string
}

/** Sends a request and sees what comes of it; what the rules log belongs to it alone. */
export type Exchange = (request: StageRequest) => Promise<StageObservation>

export interface TestResult {
  readonly test: RegressionTest
  readonly result: 'passed' | 'failed' | 'skipped'
  /** What was logged, in all stages. */
  readonly ids: readonly number[]
  /** Why it is not `passed`. */
  readonly reason: string | undefined
}

/** Runs tests one after the other, as they stand. One that expects nothing is skipped: it could not fail. */
export async function* runTests(tests: readonly RegressionTest[], exchange: Exchange): AsyncGenerator<TestResult> {
  for (const test of tests) {
    const isVoid = !test.stages.some(({ output }) => isExpecting(output))
    if (isVoid) yield { test, result: 'skipped', ids: [], reason: 'expects nothing' }
    else yield await runTest(test, exchange)
  }
}

async function runTest(test: RegressionTest, exchange: Exchange): Promise<TestResult> {
  const ids = new Set<number>()
  let previous: PreviousStage | undefined
  for (const [index, stage] of test.stages.entries()) {
    const outcome = await runStage(stage, { testId: test.id, previous, exchange })
    for (const id of outcome.ids) ids.add(id)
    if (outcome.judgement.kind === 'failed') {
      const where = test.stages.length > 1 ? `stage ${index + 1}: ` : ''
      return { test, result: 'failed', ids: [...ids], reason: `${where}${outcome.judgement.reason}` }
    }
    previous = outcome.previous
  }
  return { test, result: 'passed', ids: [...ids], reason: undefined }
}

interface StageContext {
  readonly testId: string
  readonly previous: PreviousStage | undefined
  readonly exchange: Exchange
}

interface StageOutcome {
  readonly judgement: Judgement
  readonly ids: readonly number[]
  readonly previous: PreviousStage | undefined
}

async function runStage({ input, output }: TestStage, context: StageContext): Promise<StageOutcome> {
  const redirected = followRedirect(input, context.previous)
  if (redirected.kind === 'no-redirect') return impossible(redirected.reason)
  const request = buildRequest(redirected.input.message)
  if (request.kind === 'unbuildable') return impossible(request.reason)
  const { destination, markerHost } = redirected.input
  const send = () => context.exchange({ testId: context.testId, bytes: request.bytes, destination, markerHost })
  let seen = await send()
  for (let attempt = 1; attempt < output.attempts && judge(output, seen).kind === 'failed'; attempt++)
    seen = await send()
  return { judgement: judge(output, seen), ids: loggedIds(seen.lines), previous: toPrevious(redirected.input, seen) }
}

function impossible(reason: string): StageOutcome {
  return { judgement: { kind: 'failed', reason }, ids: [], previous: undefined }
}

function toPrevious(input: StageInput, { answer }: StageObservation): PreviousStage | undefined {
  return answer.kind === 'response' ? { input, response: answer.response } : undefined
}
