import type { WritableCollection } from '../collection.ts'
import type { Effect } from '../compiler/program.ts'
import { reject } from '../compiler/rejection.ts'
import { Cell, Entry } from '../entry.ts'
import { expandMacro, hasMacro, type Macro } from '../macro.ts'
import { isBuiltInName, isPersistentName } from '../persistent/names.ts'
import type { Word } from '../seclang/ast.ts'
import { toNumber } from '../to-number.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { ActionWord } from './action.ts'
import { macroPart } from './macro-argument.ts'

/** `tx.a=1`, `tx.a=+%{tx.b}`, `tx.a=-1`, `tx.a` (1), `!tx.a` (removed); names and values may hold macros. */
export const setvar: ActionWord = {
  name: 'setvar',
  argument: 'required',
  group: 'effect',
  apply(draft, argument) {
    const effect = parse(argument)
    draft.onMatch.push(() => effect)
  },
}

function parse(argument: Word): Effect {
  const found = /^(!?)\s*([A-Za-z]+)[.:]((?:%\{[^}]*\}|[^=])+)(?:=(.*))?$/s.exec(argument.text)
  const [, removal = '', collection = '', name = '', value] = found ?? []
  if (found === null || (removal === '!' && value !== undefined))
    reject(argument, 'setvar must be collection.name, collection.name=value or !collection.name')
  const lowerCollection = collection.toLowerCase()
  const isKnown = lowerCollection === 'tx' || isPersistentName(lowerCollection)
  if (!isKnown) reject(argument, `"${collection}" is not a collection that setvar can write`)
  const key = macroPart(argument, name.trim(), argument.text.indexOf(name))
  if (lowerCollection !== 'tx') refuseReadOnly(argument, removal + name.trim().toLowerCase())
  if (removal === '!') return remove(lowerCollection, key)
  const assigned = parseValue(argument, value)
  return constantAssignment(lowerCollection, key, assigned) ?? assignment(lowerCollection, key, assigned)
}

/** `tx.a=1`, which most rule sets begin with dozens of: the same member for every transaction. */
function constantAssignment(collection: string, key: Macro, value: Value): Effect | undefined {
  const [name = '', ...noMoreNames] = key.parts
  const [text = '', ...noMoreTexts] = value.macro.parts
  if (collection !== 'tx' || value.kind !== 'set' || noMoreNames.length + noMoreTexts.length > 0) return undefined
  if (typeof name !== 'string' || typeof text !== 'string') return undefined
  const lowerName = name.toLowerCase()
  const member = [new Entry('TX', name, new Cell(text))] as const
  return (state) => state.tx.put(lowerName, member)
}

/** TIMEOUT can be set and taken back; taking KEY away is how a collection is deleted. */
function refuseReadOnly(argument: Word, wanted: string): void {
  const lowerName = wanted.replace('!', '')
  if (!isBuiltInName(lowerName) || lowerName === 'timeout' || wanted === '!key') return
  reject(argument, `${lowerName.toUpperCase()} is kept by the engine itself and cannot be written`)
}

type Value = { readonly kind: 'set' | 'add' | 'subtract'; readonly macro: Macro }

function parseValue(argument: Word, value: string | undefined): Value {
  if (value === undefined) return { kind: 'set', macro: { source: '1', parts: ['1'] } }
  const sign = value[0]
  const kind = sign === '+' ? 'add' : sign === '-' ? 'subtract' : 'set'
  const text = kind === 'set' ? value : value.slice(1)
  return { kind, macro: macroPart(argument, text, argument.text.length - text.length) }
}

function remove(collectionName: string, key: Macro): Effect {
  const isChosen = isChosenByRequest(collectionName, key)
  return (state) => {
    const lowerName = expandMacro(key, state).toLowerCase()
    if (!isChosen || !isBuiltInName(lowerName)) writableCollection(state, collectionName)?.delete(lowerName)
  }
}

function assignment(collectionName: string, key: Macro, value: Value): Effect {
  const isChosen = isChosenByRequest(collectionName, key)
  return (state) => {
    const collection = writableCollection(state, collectionName)
    if (collection === undefined) return
    const name = expandMacro(key, state)
    if (isChosen && isBuiltInName(name.toLowerCase())) return
    const operand = expandMacro(value.macro, state)
    if (value.kind === 'set') return collection.set(name, operand)
    collection.add(name, value.kind === 'add' ? toNumber(operand) : -toNumber(operand))
  }
}

/** A request that could name what the engine keeps could end a collection that counts against it. */
function isChosenByRequest(collectionName: string, key: Macro): boolean {
  return collectionName !== 'tx' && hasMacro(key.source)
}

/** A persistent collection that this transaction has not opened takes nothing in. */
function writableCollection(state: TransactionState, lowerName: string): WritableCollection | undefined {
  return lowerName === 'tx' ? state.tx : state.collections.get(lowerName)
}
