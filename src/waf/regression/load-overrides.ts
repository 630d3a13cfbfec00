import { EdgeError } from '../../errors.ts'
import type { TestText } from './load-tests.ts'
import { readOutput } from './stage-output.ts'
import type { RegressionTest, StageOutput } from './test-case.ts'
import {
  noteProblem,
  openYaml,
  type Place,
  readAnything,
  readBoolean,
  readInteger,
  readList,
  readMap,
  readText,
} from './yaml-place.ts'

/** What is expected of tests instead of what they say themselves. */
export interface TestOverride {
  readonly ruleId: number
  /** Empty: all tests of the rule. */
  readonly testIds: readonly number[]
  /** Positions, from 0; empty: all stages. */
  readonly stageIndexes: readonly number[]
  readonly output: StageOutput
}

const readFields = readMap({
  rule_id: readInteger,
  test_ids: readList(readInteger),
  stage_ids: readList(readInteger),
  reason: readText,
  retry_once: readBoolean,
  output: readOutput,
})

const readFile = readMap({
  version: readText,
  meta: readMap({ engine: readText, platform: readText, annotations: readAnything }),
  test_overrides: readList(readOverride),
})

/** Reads a platform's overrides, go-ftw's format. Throws EdgeError ACME_EDGE_WAF_TESTS_INVALID with every problem. */
export function loadOverrides({ file, text }: TestText): readonly TestOverride[] {
  const root = openYaml(file, text)
  const { problems } = root.source
  const overrides = problems.length === 0 ? (readFile(root)?.test_overrides ?? []) : []
  if (problems.length === 0) return overrides
  throw new EdgeError('ACME_EDGE_WAF_TESTS_INVALID', `the overrides have ${problems.length} problems`, { problems })
}

/** The tests with the outputs that the overrides put in place of theirs. */
export function applyOverrides(
  tests: readonly RegressionTest[],
  overrides: readonly TestOverride[],
): readonly RegressionTest[] {
  const byRule = Map.groupBy(overrides, ({ ruleId }) => ruleId)
  return tests.map((test) => (byRule.get(test.ruleId) ?? []).reduce(applyOverride, test))
}

function applyOverride(test: RegressionTest, override: TestOverride): RegressionTest {
  const { testIds, stageIndexes, output } = override
  if (testIds.length > 0 && !testIds.includes(test.testId)) return test
  const stages = test.stages.map((stage, index) => {
    return stageIndexes.length === 0 || stageIndexes.includes(index) ? { ...stage, output } : stage
  })
  return { ...test, stages }
}

const nothingExpected: StageOutput = {
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

function readOverride(place: Place): TestOverride | undefined {
  const fields = readFields(place)
  if (fields === undefined) return undefined
  const { rule_id: ruleId, reason = '', output = nothingExpected, retry_once } = fields
  if (ruleId === undefined) return noteProblem(place, 'an override needs a rule_id')
  if (reason.trim() === '') return noteProblem(place, 'an override needs a reason')
  return {
    ruleId,
    testIds: fields.test_ids ?? [],
    stageIndexes: fields.stage_ids ?? [],
    output: retry_once ? { ...output, attempts: 2 } : output,
  }
}
