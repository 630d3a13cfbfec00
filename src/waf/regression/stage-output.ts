import type { StageOutput } from './test-case.ts'
import { noteProblem, type Place, readBoolean, readInteger, readList, readMap, readText } from './yaml-place.ts'

const readLog = readMap({
  expect_ids: readList(readInteger),
  no_expect_ids: readList(readInteger),
  match_regex: readRegex,
  no_match_regex: readRegex,
})

const readFields = readMap({
  status: readInteger,
  response_contains: readRegex,
  log_contains: readRegex,
  no_log_contains: readRegex,
  log: readLog,
  expect_error: readBoolean,
  retry_once: readBoolean,
  isolated: readBoolean,
})

/** Reads `output`; of the old `log_contains` and `no_log_contains` only what `log` does not say itself. */
export function readOutput(place: Place): StageOutput | undefined {
  const fields = readFields(place)
  if (fields === undefined) return undefined
  const { status, response_contains, log = {}, log_contains, no_log_contains, expect_error, retry_once } = fields
  const { expect_ids, no_expect_ids, match_regex, no_match_regex } = log
  if (fields.isolated && expect_ids?.length !== 1) noteProblem(place, 'isolated needs exactly one id in expect_ids')
  return {
    status: status === 0 ? undefined : status,
    responseContains: response_contains,
    expectIds: expect_ids ?? [],
    forbiddenIds: no_expect_ids ?? [],
    matchRegex: match_regex ?? (expect_ids === undefined ? log_contains : undefined),
    noMatchRegex: no_match_regex ?? (no_expect_ids === undefined ? no_log_contains : undefined),
    error: expect_error ? 'required' : 'unwanted',
    company: fields.isolated ? 'isolated' : 'any',
    attempts: retry_once ? 2 : 1,
  }
}

/** Go's syntax as far as JavaScript shares it; flags may stand in front, as in `(?i)`. An empty one expects nothing. */
function readRegex(place: Place): RegExp | undefined {
  const text = readText(place)
  if (text === undefined || text === '') return undefined
  const [prefix = '', flags = ''] = /^\(\?([ims]+)\)/.exec(text) ?? []
  try {
    return new RegExp(text.slice(prefix.length), flags)
  } catch (error) {
    return noteProblem(place, error instanceof Error ? error.message : String(error))
  }
}
