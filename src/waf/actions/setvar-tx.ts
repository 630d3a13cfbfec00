import type { NameTable } from '../compiler/name-table.ts'
import type { Effect } from '../compiler/program.ts'
import { Cell, Entry } from '../entry.ts'
import { compileMacro, constantOf, type Macro, soleReader } from '../macro.ts'
import { TextMemory } from '../text-memory.ts'
import { toNumber } from '../to-number.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { TxMember } from '../tx-collection.ts'
import type { PendingEffect } from './action.ts'

export interface Assigned {
  readonly kind: 'set' | 'add' | 'subtract'
  readonly macro: Macro
}

/** `setvar:!tx.name` */
export function removeMember(key: Macro): PendingEffect {
  const name = constantOf(key)
  return (_, names) => {
    if (name === undefined) {
      const text = compileMacro(key, names)
      return (state) => state.tx.delete(text(state).toLowerCase())
    }
    const slot = names.slotOf(name)
    return ({ tx }) => tx.deleteAt(slot)
  }
}

/** `setvar:tx.name=value`, `=+value`, `=-value` */
export function assignMember(key: Macro, value: Assigned): PendingEffect {
  const name = constantOf(key)
  return (_, names) => (name === undefined ? toNamed(key, value, names) : toSlot(name, value, names))
}

/** The request decides which member it is. */
function toNamed(key: Macro, { kind, macro }: Assigned, names: NameTable): Effect {
  const name = compileMacro(key, names)
  const text = compileMacro(macro, names)
  if (kind === 'set') {
    const given = soleReader([key, macro], names)
    return given === undefined ? (state) => state.tx.set(name(state), text(state)) : remembering({ given, name, text })
  }
  const sign = kind === 'add' ? 1 : -1
  return (state) => state.tx.add(name(state), sign * toNumber(text(state)))
}

interface Made {
  /** The value that the other two are made of. */
  readonly given: (state: TransactionState) => string
  readonly name: (state: TransactionState) => string
  readonly text: (state: TransactionState) => string
}

/** Members made of one value, as of the name of each header field, are the same whenever that value is. */
function remembering({ given, name, text }: Made): Effect {
  const members = new TextMemory<TxMember>({ most: 1024, longest: 128 })
  return (state) => {
    const value = given(state)
    const known = members.get(value)
    if (known !== undefined) return state.tx.putNamed(known)
    const member = [new Entry('TX', name(state), new Cell(text(state)))] as const
    if (state.cells.life === 'kept') members.keep(value, member)
    state.tx.putNamed(member)
  }
}

function toSlot(name: string, { kind, macro }: Assigned, names: NameTable): Effect {
  const slot = names.slotOf(name)
  const constant = constantOf(macro)
  const text = compileMacro(macro, names)
  if (kind === 'set') {
    if (constant === undefined) return (state) => state.tx.setAt(slot, name, text(state))
    // The same member for every transaction: most rule sets begin with dozens of these.
    const member = [new Entry('TX', name, new Cell(constant))] as const
    return ({ tx }) => tx.put(slot, member)
  }
  const sign = kind === 'add' ? 1 : -1
  if (constant === undefined) return (state) => state.tx.addAt(slot, name, sign * toNumber(text(state)))
  const delta = sign * toNumber(constant)
  return ({ tx }) => tx.addAt(slot, name, delta)
}
