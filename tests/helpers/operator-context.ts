import type { OperatorContext } from '../../src/waf/operators/operator.ts'

export interface Refusal {
  readonly message: string
  readonly offset: number | undefined
}

/** A context for compiling one operator alone: data files come from `files`, refusals are thrown as `Refusal`. */
export function operatorContext(files: Readonly<Record<string, string>> = {}): OperatorContext {
  const fail = (message: string, offset?: number): never => {
    throw { message, offset } satisfies Refusal
  }
  return {
    location: { file: 'test.conf', line: 1, column: 1 },
    readFile: (path) => files[path] ?? fail(`no such file: ${path}`),
    dataset: (name) => files[name]?.split('\n').filter((line) => line !== '') ?? fail(`no data set ${name}`),
    fail,
  }
}

/** What a compilation was refused with; throws when it was not. */
export function refusalOf(compile: () => unknown): Refusal {
  try {
    compile()
  } catch (error) {
    return error as Refusal // thrown by `fail` above
  }
  throw new Error('the compilation was not refused')
}
