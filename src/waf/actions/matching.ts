import { reject } from '../compiler/rejection.ts'
import { findTransformation } from '../transformations/index.ts'
import type { ActionWord } from './action.ts'
import { wholeNumber } from './metadata.ts'

export const capture: ActionWord = {
  name: 'capture',
  argument: 'none',
  group: 'matching',
  apply(draft) {
    draft.capture = true
  },
}

/** Tests the value as it is and after each transformation that changes it. */
export const multiMatch: ActionWord = {
  name: 'multiMatch',
  argument: 'none',
  group: 'matching',
  apply(draft) {
    draft.multiMatch = true
  },
}

/** `none` forgets all transformations before it, those of SecDefaultAction too. */
export const t: ActionWord = {
  name: 't',
  argument: 'required',
  group: 'matching',
  apply(draft, argument) {
    if (argument.text.toLowerCase() === 'none') {
      draft.transformationsReset = true
      draft.transformations.length = 0
      return
    }
    const found = findTransformation(argument.text)
    draft.transformations.push(found ?? reject(argument, `unknown transformation "${argument.text}"`))
  },
}

/** The next rule belongs to this one: it is looked at only if this one matches. */
export const chain: ActionWord = {
  name: 'chain',
  argument: 'none',
  group: 'matching',
  apply(draft) {
    draft.chain = true
  },
}

/** Leaves out that many rules; a chain counts as one. */
export const skip: ActionWord = {
  name: 'skip',
  argument: 'required',
  group: 'flow',
  apply(draft, argument) {
    draft.skip = wholeNumber(argument, { name: 'skip', least: 1, most: 100_000 })
  },
}

/** Goes on after the marker, or the rule, of that name. */
export const skipAfter: ActionWord = {
  name: 'skipAfter',
  argument: 'required',
  group: 'flow',
  apply(draft, argument) {
    draft.skipAfter = argument
  },
}
