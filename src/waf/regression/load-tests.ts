import { basename } from 'node:path'
import { EdgeError, type SourceProblem } from '../../errors.ts'
import { readInput } from './stage-input.ts'
import { readOutput } from './stage-output.ts'
import type { RegressionTest, TestStage } from './test-case.ts'
import {
  locationOf,
  noteProblem,
  openYaml,
  type Place,
  readBoolean,
  readInteger,
  readList,
  readMap,
  readText,
} from './yaml-place.ts'

const readMeta = readMap(
  {
    author: readText,
    enabled: readBoolean, // without effect since version 2 of the schema: overrides have taken its place
    name: readText,
    description: readText,
    version: readText,
    tags: readList(readText),
  },
  'warnings',
)

const readTest = readMap({
  test_title: readText,
  test_id: readInteger,
  desc: readText,
  stages: readList(readStage),
  tags: readList(readText),
})

const readFile = readMap(
  {
    meta: readMeta,
    rule_id: readInteger,
    tests: readList((place) => {
      const test = readTest(place)
      return test && { ...test, place }
    }),
  },
  'warnings',
)

export interface LoadedTests {
  readonly tests: readonly RegressionTest[]
  /** Fields that no version of the format has, where they cannot change a test. */
  readonly warnings: readonly SourceProblem[]
}

/** A test file's name and text. */
export interface TestText {
  readonly file: string
  readonly text: string
}

/**
 * The tests of files in go-ftw's format, in their order. Throws EdgeError ACME_EDGE_WAF_TESTS_INVALID with every problem of
 * all files: an unknown field in a test is one, since what it was meant to test would not be tested.
 */
export function loadTests(files: readonly TestText[]): LoadedTests {
  const warnings: SourceProblem[] = []
  const problems: SourceProblem[] = []
  const tests = files.flatMap(({ file, text }) => {
    const root = openYaml(file, text)
    const found = root.source.problems.length === 0 ? readTests(root) : []
    problems.push(...root.source.problems)
    warnings.push(...root.source.warnings)
    return found
  })
  if (problems.length === 0) return { tests, warnings }
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  throw new EdgeError('ACME_EDGE_WAF_TESTS_INVALID', `the test files have ${count}`, { problems })
}

/** A file that is empty but for comments holds no tests. */
function readTests(root: Place): readonly RegressionTest[] {
  if (root.node === null) return []
  const { rule_id, tests = [] } = readFile(root) ?? {}
  const ruleId = rule_id || Number(/\d+/.exec(basename(root.source.file))?.[0] ?? 0)
  if (ruleId === 0) noteProblem(root, 'no rule_id, and no number in the name of the file')
  return tests.map(({ test_id, desc, stages = [], place }, index) => {
    const testId = test_id || index + 1
    if (stages.length === 0) noteProblem(place, 'a test without stages')
    const location = locationOf(place)
    return { id: `${ruleId}-${testId}`, ruleId, testId, description: desc, location, stages }
  })
}

function readStage(place: Place): TestStage | undefined {
  const { input, output } = readMap({ description: readText, input: readInput, output: readOutput })(place) ?? {}
  if (input !== undefined && output !== undefined) return { input, output }
  return noteProblem(place, 'a stage needs input and output')
}
