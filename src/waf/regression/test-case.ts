import type { Location } from '../seclang/location.ts'

/** Where a request goes when it is sent over the network and `--url` does not say otherwise. */
export interface TestDestination {
  readonly address: string
  readonly port: number
  readonly protocol: string
}

export interface TestHeader {
  readonly name: string
  readonly value: string
}

/** What is sent: bytes as they are, or the parts that a request is built from. */
export type TestMessage =
  | { readonly kind: 'encoded'; readonly bytes: Buffer }
  | {
      readonly kind: 'parts'
      readonly method: string
      readonly uri: string
      readonly version: string
      readonly headers: readonly TestHeader[]
      readonly body: TestBody
      /** Whether Content-Type, Connection and Content-Length are added where they are missing. */
      readonly completion: 'complete' | 'as-is'
    }

export type TestBody =
  | { readonly kind: 'none' }
  /** Text that may hold `{{…}}`. */
  | { readonly kind: 'template'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }

export interface StageInput {
  readonly destination: TestDestination
  readonly message: TestMessage
  /** `follow`: goes to where the previous stage was redirected, instead of to `uri`. */
  readonly redirect: 'follow' | 'none'
  /** Host of the requests that mark the test in the log. */
  readonly markerHost: string
}

/** What has to be seen; `undefined` and empty lists expect nothing. */
export interface StageOutput {
  readonly status: number | undefined
  readonly responseContains: RegExp | undefined
  readonly expectIds: readonly number[]
  readonly forbiddenIds: readonly number[]
  readonly matchRegex: RegExp | undefined
  readonly noMatchRegex: RegExp | undefined
  /** `required`: no answer may come that is HTTP. */
  readonly error: 'required' | 'unwanted'
  /** `isolated`: no other rule than the expected one may be logged. */
  readonly company: 'isolated' | 'any'
  readonly attempts: 1 | 2
}

export interface TestStage {
  readonly input: StageInput
  readonly output: StageOutput
}

export interface RegressionTest {
  /** `<rule>-<test>`, as in `920100-1`. */
  readonly id: string
  readonly ruleId: number
  readonly testId: number
  readonly description: string | undefined
  readonly location: Location
  readonly stages: readonly TestStage[]
}

/** Whether a stage can fail by what is seen at all. */
export function isExpecting(output: StageOutput): boolean {
  const { status, responseContains, expectIds, forbiddenIds, matchRegex, noMatchRegex, error } = output
  const single = [status, responseContains, matchRegex, noMatchRegex]
  return (
    single.some((value) => value !== undefined) ||
    expectIds.length > 0 ||
    forbiddenIds.length > 0 ||
    error === 'required'
  )
}
