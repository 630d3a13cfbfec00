import { reject } from '../compiler/rejection.ts'
import { type Macro, parseMacro } from '../macro.ts'
import type { Word } from '../seclang/ast.ts'

/** The argument as a macro; an unknown variable in it is rejected with its place. */
export function macroArgument(argument: Word): Macro {
  const result = parseMacro(argument.text)
  return result.kind === 'macro' ? result.macro : reject(argument, result.message, result.offset)
}

/** The same for a part of the argument that begins at an offset. */
export function macroPart({ location }: Word, text: string, offset: number): Macro {
  return macroArgument({ text, location: { ...location, column: location.column + offset } })
}
