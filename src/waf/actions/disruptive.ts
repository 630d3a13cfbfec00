import { reject } from '../compiler/rejection.ts'
import type { ActionWord, DraftDisruptive } from './action.ts'
import { macroArgument } from './macro-argument.ts'
import { wholeNumber } from './metadata.ts'

export const pass = plain('pass', { kind: 'pass' })
export const deny = plain('deny', { kind: 'deny' })
/** Does what the SecDefaultAction in force says. */
export const block = plain('block', { kind: 'block' })
/** Closes the connection without an answer. */
export const drop = plain('drop', { kind: 'drop' })

/** Without argument the whole transaction goes uninspected but for phase 5. */
export const allow: ActionWord = {
  name: 'allow',
  argument: 'optional',
  group: 'disruptive',
  apply(draft, argument) {
    const scope = argument.text.toLowerCase()
    if (scope !== '' && scope !== 'phase' && scope !== 'request') {
      reject(argument, `allow takes "phase", "request" or nothing, not "${argument.text}"`)
    }
    draft.disruptive = { kind: 'allow', scope: scope === '' ? 'all' : scope }
  },
}

export const redirect: ActionWord = {
  name: 'redirect',
  argument: 'required',
  group: 'disruptive',
  apply(draft, argument) {
    if (argument.text.trim() === '') reject(argument, 'redirect needs a place to go to')
    draft.disruptive = { kind: 'redirect', location: macroArgument(argument) }
  },
}

/** Of the answer that deny, block and redirect give. */
export const status: ActionWord = {
  name: 'status',
  argument: 'required',
  group: 'logging',
  apply(draft, argument) {
    draft.status = wholeNumber(argument, { name: 'status', least: 100, most: 599 })
  },
}

function plain(name: string, disruptive: DraftDisruptive): ActionWord {
  return {
    name,
    argument: 'none',
    group: 'disruptive',
    apply(draft) {
      draft.disruptive = disruptive
    },
  }
}
