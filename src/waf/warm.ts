import type { Link, Program } from './compiler/program.ts'
import type { CompiledOperator } from './operators/operator.ts'

/** One byte a character: V8 would compile a second version for other strings. */
const SAMPLE = 'a sample=of plain&text, 0 to 9 / A-Z'
/** The first run makes byte code of a regular expression, the second machine code. */
const RUNS = 2
const SLICE_MS = 10

/** Runs every operator before the first request does, which would otherwise pay for compiling all expressions. */
export async function warm(program: Program, elapsed: () => number): Promise<void> {
  let sliceStart = elapsed()
  for (const operator of constantOperators(program)) {
    for (let run = 0; run < RUNS; run++) operator.test(SAMPLE)
    if (elapsed() - sliceStart < SLICE_MS) continue
    await new Promise((resolve) => setImmediate(resolve))
    sliceStart = elapsed()
  }
}

function* constantOperators({ rules }: Program): Generator<CompiledOperator> {
  for (const { head } of rules) {
    for (let link: Link | undefined = head; link !== undefined; link = link.next) {
      const resolve = link.condition?.operator.resolve
      if (resolve !== undefined && typeof resolve !== 'function') yield resolve
    }
  }
}
