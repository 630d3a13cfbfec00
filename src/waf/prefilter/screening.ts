import type { Link, TargetProfile } from '../compiler/program.ts'
import type { Cell, Entry } from '../entry.ts'
import { isTargeted, targetOf } from '../evaluate-targets.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { VariableWord } from '../variables/variable.ts'
import { type Change, isVain, isVainAhead } from './change-tree.ts'
import type { FoundLinks } from './found-links.ts'
import type { Scan } from './literal-scanner.ts'
import type { MainPath } from './main-path.ts'
import { NO_LINKS, type ScreenedLink, type Slot } from './plans.ts'
import { addPosition, nextPosition } from './position-set.ts'
import { type Gate, isMet, type PhaseScreen, type ScreenProgram, slotOf, type VariableSlots } from './screen-program.ts'

/** Longer values are not transformed ahead of the rules: that would be too long a step for one go. */
const LONGEST_TRANSFORMED = 4096
/** Of a long value, scanned in one go. */
const PIECE_BYTES = 1_048_576
const NOTHING_SCANNED: Scan = Object.freeze({ mask: 0, length: 0, hits: [] })
// Not frozen: V8 is slower where arrays of several kinds meet.
const NO_ENTRIES: readonly Entry[] = []

/**
 * Finds out, for one phase of one transaction, which rules have to be evaluated: those that cannot be screened, and those
 * that some value may match. The others would not match; they are passed over. So are gates, whose jumps are made here.
 */
export class Screening {
  readonly #program: ScreenProgram
  readonly #state: TransactionState
  readonly #phase: PhaseScreen
  #progress: 'not begun' | 'under way' | 'done' = 'not begun'
  /** What all gates are to do, those passed already included; `anything`: one has done otherwise. */
  #foreseen: number | 'anything' | undefined
  #slots: readonly VariableSlots[] = []
  /** `undefined`: gates have to be looked at one by one. */
  #mainPath: MainPath | undefined
  /** Rules that are removed from this transaction, as of the last look at what that means for gates. */
  #removedRules: Uint8Array | undefined
  #removedTargets = 0
  /** Where screening goes on: variable, and entry of it. */
  #variable = 0
  #member = 0
  /** A long value that was scanned in part. */
  #unfinished: { readonly cell: Cell; readonly scan: Scan } | undefined
  /** Positions of rules that have to be evaluated, and of gates. */
  #stops: number[] = []
  /** By index of the link, the values that may match. */
  #candidates: (Entry[] | undefined)[] = []
  /** Outcomes of the gates' conditions, and the version of TX that they hold for. */
  #outcomes = 0
  #version = -1

  constructor(program: ScreenProgram, phase: PhaseScreen, state: TransactionState) {
    this.#program = program
    this.#phase = phase
    this.#state = state
  }

  /** Position of the next rule to evaluate, from this one on; `undefined`: the time slice is over, ask again. */
  next(position: number): number | undefined {
    const { gates, hasScreened, count } = this.#phase
    let next = position
    const path = this.#mainPath
    if (path !== undefined && this.#progress === 'done') {
      if (path.isOn[position] === 1 && this.#isAsForeseen()) return this.#follow(path, position)
      this.#leavePath()
    }
    while (next < count) {
      if (this.#progress === 'done') next = nextPosition(this.#stops, next)
      const gate = gates[next]
      if (gate !== undefined) next = this.#pass(gate)
      else if (this.#progress === 'done' || hasScreened[next] === 0 || this.#isTooEarly(next)) return next
      else if (!this.#advance()) return undefined
    }
    return next
  }

  /** While nothing has set a variable of the gates, screening would foresee the wrong rules, and be done twice. */
  #isTooEarly(position: number): boolean {
    return this.#progress === 'not begun' && this.#state.tx.version === 0 && position < this.#phase.firstScreened
  }

  /** The values that may match a link; `undefined`: it has to be asked about all. */
  candidatesOf(link: Link): readonly Entry[] | undefined {
    const index = this.#program.indexOf[link.number] ?? -1
    if (this.#progress !== 'done' || index < 0) return undefined
    const found = this.#candidates[index]
    if (found === undefined) return NO_ENTRIES
    return found.length > 1 && link.condition !== undefined ? inOrder(found, link.condition.profile) : found
  }

  /** Where evaluation goes on behind a gate. One that does what was not foreseen makes other rules reachable. */
  #pass(gate: Gate): number {
    const outcomes = this.#readOutcomes()
    const isOpen = isMet(outcomes, gate.condition) && !gate.isDisabled(this.#state)
    this.#foreseen ??= outcomes
    if (this.#foreseen !== 'anything' && isOpen !== isMet(this.#foreseen, gate.condition)) {
      this.#foreseen = 'anything'
      if (this.#progress !== 'not begun') this.#begin('anything')
    }
    if (!isOpen) return gate.position + 1
    gate.noteMatch(this.#state)
    return gate.target
  }

  /** Goes straight to the next rule that has to be evaluated. */
  #follow(path: MainPath, position: number): number {
    const next = path.next(this.#stops, position)
    const last = path.lastGate[next] ?? -1
    if (last >= position) this.#phase.gates[last]?.noteMatch(this.#state)
    return next
  }

  /** Whether all gates would still do what was foreseen. */
  #isAsForeseen(): boolean {
    const { removedRules, removedTargets } = this.#state
    if (removedRules !== this.#removedRules || removedTargets.length !== this.#removedTargets) {
      this.#removedRules = removedRules
      this.#removedTargets = removedTargets.length
      if (this.#phase.isDisturbed(this.#state)) return false
    }
    return this.#readOutcomes() === this.#foreseen
  }

  /** From here on gates are looked at one by one. */
  #leavePath(): void {
    for (const [index, stops] of this.#phase.stops.entries()) this.#stops[index] = (this.#stops[index] ?? 0) | stops
    this.#mainPath = undefined
  }

  #readOutcomes(): number {
    const { version } = this.#state.tx
    if (version !== this.#version) this.#outcomes = this.#phase.outcomes(this.#state)
    this.#version = version
    return this.#outcomes
  }

  #begin(foreseen: number | 'anything'): void {
    this.#foreseen = foreseen
    const { slots, mainPath } = this.#phase.variant(foreseen)
    this.#slots = slots
    this.#mainPath = mainPath
    this.#progress = 'under way'
    this.#variable = 0
    this.#member = 0
    this.#stops = mainPath?.stops() ?? this.#phase.stops.slice()
    this.#candidates = new Array(this.#phase.linkCount)
  }

  /** Screens until all values are done or the slice is over; whether it came to the end. */
  #advance(): boolean {
    if (this.#progress === 'not begun') this.#begin(this.#foreseen ?? this.#readOutcomes())
    const { budget } = this.#state
    for (; this.#variable < this.#slots.length; this.#variable++) {
      const slots = this.#slots[this.#variable]
      if (slots === undefined) continue
      const { word } = slots
      const entries = this.#state.read(word)
      for (; this.#member < entries.length; this.#member++) {
        const entry = entries[this.#member] as Entry // below its length
        if (budget.isSliceOver(entry.cell.raw.length)) return false
        if (entry.cell.raw.length > PIECE_BYTES && !this.#scanLong(entry.cell)) return false
        const slot = slotOf(slots, entry)
        if (slot !== undefined) this.#ask(slot, entry, word)
      }
      this.#member = 0
    }
    this.#progress = 'done'
    return !budget.isSliceOver(LONGEST_TRANSFORMED) // a file of 10 MB was one step
  }

  #ask(slot: Slot, entry: Entry, word: VariableWord): void {
    const { cell } = entry
    const { findings } = cell
    const known = findings?.answerTo(slot)
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) this.#add(known[i] as ScreenedLink, entry, word)
      return
    }
    const found = this.#answer(slot, cell)
    findings?.keepAnswer(slot, found.count === 0 ? NO_LINKS : found.toArray())
    for (let i = 0; i < found.count; i++) {
      const link = found.at(i)
      if (findings?.hasMissed(link.number) !== true) this.#add(link, entry, word)
    }
  }

  #add(link: ScreenedLink, entry: Entry, word: VariableWord): void {
    if (link.isSelective && !isTargeted(link.profile, word, entry)) return
    const known = this.#candidates[link.index]
    if (known === undefined) {
      this.#candidates[link.index] = [entry]
      if (link.decides === 'rule') addPosition(this.#stops, link.position)
    } else if (known[known.length - 1] !== entry) known.push(entry)
  }

  /** The links of a slot that a value may match; one may be there twice. The list is valid until the next question. */
  #answer(slot: Slot, cell: Cell): FoundLinks {
    const scan = this.#scanOf(cell)
    const plan = slot.plan(scan.mask)
    const { found } = this.#program
    found.count = 0
    plan.collect(scan, found)
    if (cell.raw.length <= LONGEST_TRANSFORMED) this.#change(plan.changes, cell, cell.raw, scan)
    else for (const change of plan.changes) addAll(change, found)
    return found
  }

  /** Asks what steps make of a string, and the steps behind them of that; those that leave it as it is are not run. */
  #change(changes: readonly Change[], cell: Cell, value: string, scan: Scan): void {
    for (let i = 0; i < changes.length; i++) {
      const change = changes[i] as Change // below its length
      const { step, effect, groups, minLength, next } = change
      if (scan.length < minLength) continue
      let output = value
      let result = scan
      if (effect.change(scan.mask) !== 'none') {
        const known = cell.resultOf(step)
        if (known === undefined && isVainAhead(change, value)) continue
        output = known?.value ?? step.transform(value)
        const goesOn = !isVain(change, output)
        if (goesOn && output !== value) result = known?.scan ?? this.#program.scanner.scan(output)
        if (known === undefined) cell.keep(step, output, goesOn ? result : undefined)
        else if (goesOn) known.scan = result
        if (!goesOn) continue
      }
      for (let j = 0; j < groups.length; j++) groups[j]?.collect(result, this.#program.found)
      if (next.length > 0) this.#change(next, cell, output, result)
    }
  }

  /** Scans a long value piece by piece; whether it came to the end before the slice was over. */
  #scanLong(cell: Cell): boolean {
    while (cell.scan === undefined) {
      const before = this.#unfinished?.cell === cell ? this.#unfinished.scan : NOTHING_SCANNED
      const scan = this.#program.scanner.scanMore(cell.raw, before, PIECE_BYTES)
      this.#unfinished = scan.length < cell.raw.length ? { cell, scan } : undefined
      if (this.#unfinished === undefined) cell.scan = scan
      else if (this.#state.budget.isSliceOver(PIECE_BYTES)) return false
    }
    return true
  }

  #scanOf(cell: Cell): Scan {
    cell.scan ??= this.#program.scanner.scan(cell.raw)
    return cell.scan
  }
}

function addAll({ groups, next }: Change, found: FoundLinks): void {
  for (const { links } of groups) found.addAll(links)
  for (const change of next) addAll(change, found)
}

/** Rules look at their targets one after the other, whatever the order in which values were screened. */
function inOrder(entries: Entry[], profile: TargetProfile): readonly Entry[] {
  if (profile.targets.length === 1) return entries
  const ranks = entries.map((entry) => targetOf(profile, entry))
  const isOrdered = ranks.every((rank, i) => i === 0 || (ranks[i - 1] ?? 0) <= rank)
  if (isOrdered) return entries
  const places = Array.from(entries.keys()).sort((a, b) => (ranks[a] ?? 0) - (ranks[b] ?? 0))
  return places.map((place) => entries[place] as Entry)
}
