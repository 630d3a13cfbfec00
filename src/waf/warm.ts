import type { Link, Program } from './compiler/program.ts'
import type { CompiledOperator } from './operators/operator.ts'
import type { Turns } from './turns.ts'

/** One byte a character: V8 would compile a second version for other strings. */
const SAMPLE = 'a sample=of plain&text, 0 to 9 / A-Z'
/** The first run makes byte code of a regular expression, the second machine code. */
const RUNS = 2

/** Runs every operator before the first request does, which would otherwise pay for compiling all expressions. */
export async function warm(program: Program, turns: Turns): Promise<void> {
  for (const operator of constantOperators(program)) {
    for (let run = 0; run < RUNS; run++) operator.test(SAMPLE)
    if (turns.isOver()) await turns.giveUp()
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
