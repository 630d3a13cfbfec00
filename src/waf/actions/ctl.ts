import { reasonAgainst } from '../compiler/refused-words.ts'
import { reject } from '../compiler/rejection.ts'
import type { Word } from '../seclang/ast.ts'
import type { ActionDraft, ActionWord } from './action.ts'
import { removalOptions } from './ctl-removal.ts'
import { settingOptions } from './ctl-settings.ts'

/** One option of `ctl`: queues its effect, which runs once the whole chain has matched. */
export type CtlOption = (draft: ActionDraft, value: Word) => void

/** Names compare without case. */
const options: ReadonlyMap<string, CtlOption> = new Map(
  [settingOptions, removalOptions].flatMap((table) =>
    Object.entries(table).map(([name, option]) => [name.toLowerCase(), option] as const),
  ),
)

/** Changes settings, or takes rules and targets out, for this transaction. */
export const ctl: ActionWord = {
  name: 'ctl',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    const equals = argument.text.indexOf('=')
    const name = equals < 0 ? argument.text : argument.text.slice(0, equals)
    const option =
      options.get(name.trim().toLowerCase()) ??
      reject(argument, `unknown ctl option "${name}"${reasonAgainst('Options of ctl', name)}`)
    const offset = equals < 0 ? argument.text.length : equals + 1
    const location = { ...argument.location, column: argument.location.column + offset }
    option(draft, { text: argument.text.slice(offset).trim(), location })
  },
}
