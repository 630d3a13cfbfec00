import { reject } from '../compiler/rejection.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { ActionWord } from './action.ts'

/** Keeps the values of an argument out of the audit log. */
export const sanitiseArg = named('sanitiseArg', (state, name) => state.sanitised.arguments.add(name))
export const sanitiseRequestHeader = named('sanitiseRequestHeader', (state, name) =>
  state.sanitised.requestHeaders.add(name),
)
export const sanitiseResponseHeader = named('sanitiseResponseHeader', (state, name) =>
  state.sanitised.responseHeaders.add(name),
)
/** Keeps out what matched, wherever it stands. */
export const sanitiseMatched = matched('sanitiseMatched', 'none')
/** The whole value instead of the bytes around the match that its argument allows to show. */
export const sanitiseMatchedBytes = matched('sanitiseMatchedBytes', 'optional')

function named(name: string, hide: (state: TransactionState, lowerName: string) => void): ActionWord {
  return {
    name,
    argument: 'required',
    group: 'effect',
    apply(draft, argument) {
      const lowerName = argument.text.trim().toLowerCase()
      if (lowerName === '') reject(argument, `${name} needs a name`)
      draft.afterMatch.push(() => (state) => hide(state, lowerName))
    },
  }
}

function matched(name: string, argument: ActionWord['argument']): ActionWord {
  return {
    name,
    argument,
    group: 'effect',
    apply(draft, given) {
      if (given.text !== '' && !/^\d{1,4}\/\d{1,4}$/.test(given.text))
        reject(given, `${name} takes how many bytes may show at both ends, as 1/4, or nothing`)
      draft.onMatch.push(() => (state) => {
        const entry = state.matchedVariable
        if (entry === undefined) return
        state.sanitised.values.add(entry.cell.raw)
        if (/^ARGS(?:_GET|_POST)?$/.test(entry.collection)) state.sanitised.arguments.add(entry.lowerKey)
        if (entry.collection === 'REQUEST_HEADERS') state.sanitised.requestHeaders.add(entry.lowerKey)
        if (entry.collection === 'RESPONSE_HEADERS') state.sanitised.responseHeaders.add(entry.lowerKey)
      })
    },
  }
}
