import { reject } from '../compiler/rejection.ts'
import { expandMacro, type Macro } from '../macro.ts'
import { isPersistentName, type PersistentName } from '../persistent-collections.ts'
import type { Word } from '../seclang/ast.ts'
import type { ActionDraft, ActionWord } from './action.ts'
import { macroArgument, macroPart } from './macro-argument.ts'
import { toNumber } from './setvar.ts'

/** `ip=%{REMOTE_ADDR}`: opens a collection that outlives the transaction, under a key. */
export const initcol: ActionWord = {
  name: 'initcol',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    const [name = '', ...rest] = argument.text.split('=')
    const lowerName = name.trim().toLowerCase()
    if (!isPersistentName(lowerName)) return reject(argument, `"${name}" is not a collection that initcol can open`)
    const key = rest.join('=')
    if (key === '') reject(argument, 'initcol must be collection=key')
    open(draft, lowerName, macroPart(argument, key, argument.text.length - key.length))
  },
}

export const setsid = opener('setsid', 'session')
export const setuid = opener('setuid', 'user')
export const setrsc = opener('setrsc', 'resource')

/** `ip.name=60`: the value is forgotten after that many seconds; with 0, at once. */
export const expirevar: ActionWord = {
  name: 'expirevar',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    const found = /^([A-Za-z]+)[.:]([^=]+)(?:=(.+))?$/s.exec(argument.text)
    const lowerName = found?.[1]?.toLowerCase() ?? ''
    if (!isPersistentName(lowerName)) return reject(argument, 'expirevar must be collection.name=seconds')
    const name = macroPart(argument, found?.[2] ?? '', lowerName.length + 1)
    const seconds = found?.[3] ?? ''
    const delay = macroPart(argument, seconds, argument.text.length - seconds.length)
    draft.onMatch.push(() => (state) => {
      const key = expandMacro(name, state).toLowerCase()
      const delayMs = toNumber(expandMacro(delay, state)) * 1000
      const collection = state.collections.get(lowerName)
      if (delayMs <= 0) collection?.delete(key)
      else collection?.expireAt(key, state.clock.now() + delayMs)
    })
  },
}

function opener(name: string, collection: PersistentName): ActionWord {
  return {
    name,
    argument: 'required',
    group: 'effect',
    apply: (draft: ActionDraft, argument: Word) => open(draft, collection, macroArgument(argument)),
  }
}

function open(draft: ActionDraft, name: PersistentName, key: Macro): void {
  draft.onMatch.push(() => (state) => {
    const options = { nowMs: state.clock.now(), timeoutSeconds: state.settings.collectionTimeoutSeconds }
    state.collections.set(name, state.persistent.open(name, expandMacro(key, state), options))
  })
}
