import { reject } from '../compiler/rejection.ts'
import { expandMacro, hasMacro, type Macro } from '../macro.ts'
import { isPersistentName, type PersistentName } from '../persistent/names.ts'
import { OpenCollection } from '../persistent/open-collection.ts'
import type { Word } from '../seclang/ast.ts'
import { toNumber } from '../to-number.ts'
import type { ActionDraft, ActionWord } from './action.ts'
import { macroArgument, macroPart } from './macro-argument.ts'

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

/** `ip.name=60`: the value is forgotten after that many seconds (default 1); with 0, at once. */
export const expirevar: ActionWord = {
  name: 'expirevar',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    const { collection, name, value } = parseMember(argument, 'expirevar must be collection.name=seconds')
    if (value !== undefined && !hasMacro(value.source) && !/^\s*\d{1,15}\s*$/.test(value.source))
      reject(argument, 'expirevar needs a number of seconds')
    const delay = value ?? macroPart(argument, '1', 0)
    draft.onMatch.push(() => (state) => {
      const delayMs = toNumber(expandMacro(delay, state)) * 1000
      state.collections.get(collection)?.expireAfter(expandMacro(name, state), delayMs)
    })
  },
}

/** `session.score=60/300`: takes 60 away for every 300 seconds that have gone by, down to 0. */
export const deprecatevar: ActionWord = {
  name: 'deprecatevar',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    const form = 'deprecatevar must be collection.name=amount/seconds'
    const { collection, name, value } = parseMember(argument, form)
    if (value === undefined || (!hasMacro(value.source) && parseSpeed(value.source) === undefined)) {
      return reject(argument, form)
    }
    draft.onMatch.push(() => (state) => {
      const speed = parseSpeed(expandMacro(value, state))
      if (speed === undefined) return
      state.collections.get(collection)?.decay(expandMacro(name, state), speed.amount, speed.periodMs)
    })
  },
}

interface MemberArgument {
  readonly collection: PersistentName
  readonly name: Macro
  readonly value: Macro | undefined
}

/** `ip.name`, `ip.name=value`; `form` is the reason to reject anything else. */
function parseMember(argument: Word, form: string): MemberArgument {
  const found = /^([A-Za-z]+)[.:]((?:%\{[^}]*\}|[^=])+)(?:=(.+))?$/s.exec(argument.text)
  const collection = found?.[1]?.toLowerCase() ?? ''
  if (!isPersistentName(collection)) return reject(argument, form)
  const [, , name = '', value] = found ?? []
  return {
    collection,
    name: macroPart(argument, name, collection.length + 1),
    value: value === undefined ? undefined : macroPart(argument, value, argument.text.length - value.length),
  }
}

function parseSpeed(text: string): { amount: number; periodMs: number } | undefined {
  const [, amount, period] = /^\s*(\d{1,15})\s*\/\s*(\d{1,9})\s*$/.exec(text) ?? []
  const periodMs = Number(period) * 1000
  return periodMs > 0 ? { amount: Number(amount), periodMs } : undefined
}

function opener(name: string, collection: PersistentName): ActionWord {
  return {
    name,
    argument: 'required',
    group: 'effect',
    apply(draft: ActionDraft, argument: Word) {
      if (argument.text.trim() === '') reject(argument, `${name} needs a key`)
      open(draft, collection, macroArgument(argument))
    },
  }
}

/** Of two in one transaction, the first counts. */
function open(draft: ActionDraft, name: PersistentName, key: Macro): void {
  draft.onMatch.push(() => (state) => {
    if (state.collections.has(name)) return
    const { webAppId, collectionTimeoutSeconds: timeoutSeconds } = state.settings
    const options = { name, key: expandMacro(key, state), webAppId, timeoutSeconds, now: state.clock.now }
    state.collections.set(name, new OpenCollection(state.persistent, options))
  })
}
