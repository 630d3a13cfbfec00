import { reject } from '../compiler/rejection.ts'
import { expandMacro } from '../macro.ts'
import type { ActionWord } from './action.ts'
import { macroArgument } from './macro-argument.ts'

/** `NAME=value`, `NAME` (1), `!NAME`: seen by rules as ENV:NAME. */
export const setenv: ActionWord = {
  name: 'setenv',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    const found = /^(!?)([^=]+)(?:=(.*))?$/s.exec(argument.text)
    if (found === null) reject(argument, 'setenv must be NAME=value, NAME or !NAME')
    const [, removal = '', name = '', value = '1'] = found
    if (removal === '!') {
      draft.onMatch.push(() => (state) => state.env.delete(name.toLowerCase()))
      return
    }
    const macro = macroArgument({ ...argument, text: value })
    draft.onMatch.push(() => (state) => state.env.set(name, expandMacro(macro, state)))
  },
}
