import { findOperator } from '../waf/operators/index.ts'
import { answerOf, type CompiledOperator, type OperatorAnswer, type OperatorRecipe } from '../waf/operators/operator.ts'
import { findTransformation } from '../waf/transformations/index.ts'
import { threadCpuMs } from './cpu-time.ts'
import type { Answered, NumberedQuestion, ToThread } from './messages.ts'
import { runGuarded } from './run-guarded.ts'

/** Runs a pattern in the usual way for so long, which does for all but hostile values; then in linear time. */
const USUAL_MS = 20

/** Of one value; what comes beyond is worked out each time: chains of 30 steps would make gigabytes of a large body. */
const KEPT_BYTES = 33_554_432

interface KnownValue {
  readonly text: string
  /** What chains of transformations made of it, by their names. */
  readonly results: Map<string, string>
  keptBytes: number
}

/** What a thread does: makes operators, keeps values for the questions to come, and answers. */
export class Answerer {
  readonly #values = new Map<number, KnownValue>()
  readonly #operators = new Map<number, CompiledOperator>()

  receive(message: ToThread): Answered | undefined {
    switch (message.kind) {
      case 'value':
        this.#values.set(message.number, { text: message.text, results: new Map(), keptBytes: 0 })
        return undefined
      case 'operator':
        this.#operators.set(message.number, warmed(compile(message.recipe)))
        return undefined
      case 'forget':
        if (message.what === 'values') this.#values.clear()
        else this.#operators.clear()
        return undefined
      case 'ask':
        return this.#answer(message.question)
      default:
        return message satisfies never
    }
  }

  #answer({ value: number, steps, operator, telling }: NumberedQuestion): Answered {
    const before = threadCpuMs()
    const known = this.#values.get(number)
    const compiled = typeof operator === 'number' ? this.#operators.get(operator) : compile(operator)
    if (known === undefined || compiled === undefined)
      return { kind: 'failed', reason: 'a number that nobody has told' }
    const seen = transformed(known, steps)
    const answer = ask(compiled, seen)
    const isTelling = answer.isFound === (telling === 'found')
    const value = isTelling && seen !== known.text ? seen : undefined
    return { kind: 'answered', answer, value, usedMs: threadCpuMs() - before }
  }
}

/** V8 compiles a pattern when it runs, first to byte code, then to machine code: at nobody's expense. */
function warmed(operator: CompiledOperator): CompiledOperator {
  for (let run = 0; run < 2; run++) operator.test('a sample=of plain&text, 0 to 9')
  return operator
}

function ask(operator: CompiledOperator, value: string): OperatorAnswer {
  if (operator.inLinearTime === undefined) return answerOf(operator, value)
  const usual = runGuarded(() => answerOf(operator, value), USUAL_MS)
  if (usual.kind === 'done') return usual.result
  return answerOf(operator.inLinearTime() ?? operator, value)
}

function transformed(known: KnownValue, steps: readonly string[]): string {
  let key = ''
  let value = known.text
  for (const name of steps) {
    key += `,${name}`
    const before = value
    const result = known.results.get(key)
    value = result ?? transform(name, before)
    if (result === undefined) keep(known, key, { before, value })
  }
  return value
}

function keep(known: KnownValue, key: string, { before, value }: { before: string; value: string }): void {
  const bytes = value === before ? 0 : value.length // most steps leave their string as it is
  if (known.keptBytes + bytes > KEPT_BYTES) return
  known.keptBytes += bytes
  known.results.set(key, value)
}

function transform(name: string, value: string): string {
  const word = findTransformation(name)
  if (word === undefined) throw new Error(`no transformation ${name}`)
  return word.transform(value)
}

function compile({ word: name, argument, files, datasets }: OperatorRecipe): CompiledOperator {
  const word = findOperator(name)
  if (word === undefined) throw new Error(`no operator ${name}`)
  const fail = (message: string): never => {
    throw new Error(`@${name}: ${message}`)
  }
  const find = <T>(pairs: readonly (readonly [string, T])[], key: string): T =>
    pairs.find(([known]) => known === key)?.[1] ?? fail(`nothing is known of ${key}`)
  return word.compile(argument, {
    location: { file: '', line: 0, column: 0 },
    readFile: (path) => find(files, path),
    dataset: (key) => find(datasets, key),
    fail,
  })
}
