import type { ResponseMessage } from './response-message.ts'
import type { StageOutput } from './test-case.ts'

export type StageAnswer =
  | { readonly kind: 'response'; readonly response: ResponseMessage }
  /** Nothing came that is HTTP. */
  | { readonly kind: 'none'; readonly reason: string }

/** What was seen of a stage: the answer, and the lines of the error log that belong to it. */
export interface StageObservation {
  readonly answer: StageAnswer
  readonly lines: readonly string[]
}

export type Judgement = { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly reason: string }

const PASSED: Judgement = { kind: 'passed' }

/** Whether what was seen is what a stage expects; the first thing that is not is the reason. */
export function judge(output: StageOutput, { answer, lines }: StageObservation): Judgement {
  if (output.error === 'required') {
    return answer.kind === 'none' ? PASSED : failed(`expected no answer, got ${answer.response.status}`)
  }
  if (answer.kind === 'none') return failed(answer.reason)
  const reason = findWrongAnswer(output, answer.response) ?? findWrongLog(output, lines)
  return reason === undefined ? PASSED : failed(reason)
}

/** Ids in lines of ModSecurity's form, each once, rising. */
export function loggedIds(lines: readonly string[]): readonly number[] {
  const ids = lines.flatMap((line) => [...line.matchAll(/\[id "(\d{1,15})"\]/g)].map(([, id]) => Number(id)))
  return [...new Set(ids)].sort((a, b) => a - b)
}

function findWrongAnswer(output: StageOutput, { status, text }: ResponseMessage): string | undefined {
  if (output.status !== undefined && output.status !== status) return `expected status ${output.status}, got ${status}`
  const { responseContains } = output
  if (responseContains === undefined) return undefined
  const isFound = responseContains.test(Buffer.from(text, 'latin1').toString())
  return isFound ? undefined : `the response does not contain ${JSON.stringify(responseContains.source)}`
}

function findWrongLog(output: StageOutput, lines: readonly string[]): string | undefined {
  const { matchRegex, noMatchRegex, expectIds, forbiddenIds } = output
  const isMatch = (regex: RegExp) => lines.some((line) => regex.test(Buffer.from(line, 'latin1').toString()))
  if (matchRegex !== undefined && !isMatch(matchRegex)) return `no log line matches ${matchRegex.source}`
  if (noMatchRegex !== undefined && isMatch(noMatchRegex)) return `a log line matches ${noMatchRegex.source}`
  const ids = new Set(loggedIds(lines))
  const missing = expectIds.filter((id) => !ids.has(id))
  if (missing.length > 0) return `not logged: ${missing.join(', ')}`
  const unwanted = forbiddenIds.filter((id) => ids.has(id))
  if (unwanted.length > 0) return `logged: ${unwanted.join(', ')}`
  if (output.company === 'isolated' && ids.size !== 1) return `not isolated: ${[...ids].join(', ')}`
  return undefined
}

function failed(reason: string): Judgement {
  return { kind: 'failed', reason }
}
