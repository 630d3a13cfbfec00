import type { WritableCollection } from './collection.ts'
import type { NameTable } from './compiler/name-table.ts'
import { Cell, Entry } from './entry.ts'
import type { CompiledOperator } from './operators/operator.ts'
import { toNumber } from './to-number.ts'

/** What one name of TX stands for. */
export type TxMember = readonly [Entry]

const NO_ENTRIES: readonly Entry[] = Object.freeze([])
/** Room for so many names that no rule says: an array that grows is copied. */
const OTHERS = 16

/**
 * TX of one transaction. Names compare without case and keep the spelling they were first set with; members are listed in
 * the order in which they came to be. Each is kept in the slot of its name, names that no rule says behind all others.
 */
export class TxCollection implements WritableCollection {
  readonly #names: NameTable
  readonly #members: (TxMember | undefined)[]
  /** By slot: numbers that rise from one new member to the next. */
  readonly #turns: number[]
  #lastTurn = 0
  /** Slots of names that no rule says. */
  #others: Map<string, number> | undefined
  /** Slots of members whose spelling no rule uses. */
  #unforeseen: Set<number> | undefined
  /** Goes up with every change: whoever keeps values can tell that they are stale. */
  version = 0

  constructor(names: NameTable) {
    this.#names = names
    this.#members = new Array<TxMember | undefined>(names.size + OTHERS).fill(undefined)
    this.#turns = new Array<number>(names.size + OTHERS).fill(0)
  }

  /** The member in a slot, if there is one. */
  at(slot: number): readonly Entry[] {
    return this.#members[slot] ?? NO_ENTRIES
  }

  textAt(slot: number): string {
    const member = this.#members[slot]
    return member === undefined ? '' : member[0].cell.raw
  }

  find(lowerKey: string): readonly Entry[] {
    const slot = this.#find(lowerKey)
    return slot === undefined ? NO_ENTRIES : this.at(slot)
  }

  entries(): readonly Entry[] {
    return this.#inOrder([...this.#members.keys()])
  }

  /** The members whose names a selector picks. */
  matching(selector: CompiledOperator): readonly Entry[] {
    const foreseen = this.#names.matching(selector)
    if (foreseen.length === 0 && this.#unforeseen === undefined) return NO_ENTRIES
    const slots = foreseen.filter((slot) => this.#isPicked(slot, selector))
    for (const slot of this.#unforeseen ?? []) {
      if (!foreseen.includes(slot) && this.#isPicked(slot, selector)) slots.push(slot)
    }
    return slots.length === 0 ? NO_ENTRIES : this.#inOrder(slots)
  }

  #isPicked(slot: number, selector: CompiledOperator): boolean {
    const key = this.#members[slot]?.[0].key
    return key !== undefined && selector.test(key)
  }

  set(name: string, value: string): void {
    this.setAt(this.#slotOf(name, name.toLowerCase()), name, value)
  }

  /** What `set` would do, with a member that is the same in other transactions. */
  putNamed(member: TxMember): void {
    const [{ key = '', lowerKey }] = member
    this.put(this.#slotOf(key, lowerKey), member)
  }

  setAt(slot: number, name: string, value: string): void {
    const spelling = this.#members[slot]?.[0].key ?? name
    this.#store(slot, [new Entry('TX', spelling, new Cell(value))])
  }

  /** What `setAt` would do, with a member that is the same in all transactions. */
  put(slot: number, member: TxMember): void {
    const known = this.#members[slot]?.[0].key
    if (known === undefined || known === member[0].key) this.#store(slot, member)
    else this.setAt(slot, known, member[0].cell.raw)
  }

  add(name: string, delta: number): void {
    this.addAt(this.#slotOf(name, name.toLowerCase()), name, delta)
  }

  addAt(slot: number, name: string, delta: number): void {
    const before = this.textAt(slot)
    const after = String(toNumber(before) + delta)
    if (after === before) this.version++
    else this.setAt(slot, name, after)
  }

  delete(lowerKey: string): void {
    const slot = this.#find(lowerKey)
    if (slot !== undefined) this.deleteAt(slot)
  }

  deleteAt(slot: number): void {
    if (this.#members[slot] === undefined) return
    this.version++
    this.#members[slot] = undefined
    this.#unforeseen?.delete(slot)
  }

  #store(slot: number, member: TxMember): void {
    this.version++
    if (this.#members[slot] === undefined) this.#turns[slot] = ++this.#lastTurn
    this.#members[slot] = member
  }

  #find(lowerKey: string): number | undefined {
    return this.#names.find(lowerKey) ?? this.#others?.get(lowerKey)
  }

  /** Of a name made of the request's data. */
  #slotOf(name: string, lowerKey: string): number {
    let slot = this.#find(lowerKey)
    if (slot === undefined) {
      this.#others ??= new Map()
      slot = this.#names.size + this.#others.size
      this.#others.set(lowerKey, slot)
    }
    if (this.#members[slot] === undefined && !this.#names.isSpelling(name)) {
      this.#unforeseen ??= new Set()
      this.#unforeseen.add(slot)
    }
    return slot
  }

  #inOrder(slots: readonly number[]): Entry[] {
    const present = slots.filter((slot) => this.#members[slot] !== undefined)
    // Members of names that requests bring mostly are in order: sorting a few costs more than looking.
    const byTurn = (a: number, b: number): number => (this.#turns[a] ?? 0) - (this.#turns[b] ?? 0)
    if (present.some((slot, i) => byTurn(present[i - 1] ?? slot, slot) > 0)) present.sort(byTurn)
    return present.map((slot) => (this.#members[slot] as TxMember)[0])
  }
}
