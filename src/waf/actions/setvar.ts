import type { Effect } from '../compiler/program.ts'
import { reject } from '../compiler/rejection.ts'
import { expandMacro, hasMacro, type Macro } from '../macro.ts'
import { isBuiltInName, isPersistentName } from '../persistent/names.ts'
import type { Word } from '../seclang/ast.ts'
import { toNumber } from '../to-number.ts'
import type { ActionWord, PendingEffect } from './action.ts'
import { macroPart } from './macro-argument.ts'
import { type Assigned, assignMember, removeMember } from './setvar-tx.ts'

/** `tx.a=1`, `tx.a=+%{tx.b}`, `tx.a=-1`, `tx.a` (1), `!tx.a` (removed); names and values may hold macros. */
export const setvar: ActionWord = {
  name: 'setvar',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    draft.onMatch.push(parse(argument))
  },
}

function parse(argument: Word): PendingEffect {
  const found = /^(!?)\s*([A-Za-z]+)[.:]((?:%\{[^}]*\}|[^=])+)(?:=(.*))?$/s.exec(argument.text)
  const [, removal = '', collection = '', name = '', value] = found ?? []
  if (found === null || (removal === '!' && value !== undefined))
    reject(argument, 'setvar must be collection.name, collection.name=value or !collection.name')
  const lowerCollection = collection.toLowerCase()
  const isKnown = lowerCollection === 'tx' || isPersistentName(lowerCollection)
  if (!isKnown) reject(argument, `"${collection}" is not a collection that setvar can write`)
  const key = macroPart(argument, name.trim(), argument.text.indexOf(name))
  if (lowerCollection !== 'tx') refuseReadOnly(argument, removal + name.trim().toLowerCase())
  const assigned = removal === '!' ? undefined : parseValue(argument, value)
  if (lowerCollection === 'tx') return assigned === undefined ? removeMember(key) : assignMember(key, assigned)
  const effect = assigned === undefined ? remove(lowerCollection, key) : assignment(lowerCollection, key, assigned)
  return () => effect
}

/** TIMEOUT can be set and taken back; taking KEY away is how a collection is deleted. */
function refuseReadOnly(argument: Word, wanted: string): void {
  const lowerName = wanted.replace('!', '')
  if (!isBuiltInName(lowerName) || lowerName === 'timeout' || wanted === '!key') return
  reject(argument, `${lowerName.toUpperCase()} is kept by the engine itself and cannot be written`)
}

function parseValue(argument: Word, value: string | undefined): Assigned {
  if (value === undefined) return { kind: 'set', macro: { source: '1', parts: ['1'] } }
  const sign = value[0]
  const kind = sign === '+' ? 'add' : sign === '-' ? 'subtract' : 'set'
  const text = kind === 'set' ? value : value.slice(1)
  return { kind, macro: macroPart(argument, text, argument.text.length - text.length) }
}

/**
 * A persistent collection that this transaction has not opened takes nothing in. A request that could name what the engine
 * keeps could end a collection that counts against it.
 */
function remove(collectionName: string, key: Macro): Effect {
  const isChosen = hasMacro(key.source)
  return (state) => {
    const lowerName = expandMacro(key, state).toLowerCase()
    if (!isChosen || !isBuiltInName(lowerName)) state.collections.get(collectionName)?.delete(lowerName)
  }
}

function assignment(collectionName: string, key: Macro, value: Assigned): Effect {
  const isChosen = hasMacro(key.source)
  return (state) => {
    const collection = state.collections.get(collectionName)
    if (collection === undefined) return
    const name = expandMacro(key, state)
    if (isChosen && isBuiltInName(name.toLowerCase())) return
    const operand = expandMacro(value.macro, state)
    if (value.kind === 'set') return collection.set(name, operand)
    collection.add(name, value.kind === 'add' ? toNumber(operand) : -toNumber(operand))
  }
}
