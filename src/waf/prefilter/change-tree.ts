import type { TransformNode } from '../entry.ts'
import { kinds, TWIN_BLANKS, TWIN_MARKS } from './byte-kinds.ts'
import type { ChangedGroup } from './plans.ts'
import { type Effect, effectOf, growth, type Peek, peekOf, resultOf, stepEffect } from './transformation-effects.ts'

/** So few are looked at one by one before a result is scanned: it costs less. */
const FEW_LINKS = 16
/** Bytes may stand in it in any order. */
const TWINS = TWIN_BLANKS | TWIN_MARKS

/** A step that may change a value, with what is to be asked of the result, and the steps that follow. */
export interface Change {
  readonly step: TransformNode
  readonly effect: Effect
  readonly peek: Peek | undefined
  readonly groups: readonly ChangedGroup[]
  /** Nothing behind this step can match what a shorter string becomes, or a shorter result. */
  readonly minLength: number
  readonly minResult: number
  readonly next: readonly Change[]
  /** That are asked of the result, or of what the steps behind make of it. */
  readonly linkCount: number
}

interface Draft extends Change {
  readonly groups: ChangedGroup[]
  minLength: number
  minResult: number
  readonly next: Draft[]
  linkCount: number
}

/**
 * The chains of transformations that may change a value of certain kinds of bytes, without the steps that do not. What is left is
 * often the same for several rules, or for several steps of one with multiMatch, and is then done once.
 */
export class ChangeTree {
  readonly #roots: Draft[] = []

  get roots(): readonly Change[] {
    return this.#roots
  }

  /** @param value its kinds of bytes, and how long the result has to be at least */
  add(group: ChangedGroup, value: { readonly mask: number; readonly minLength: number }): void {
    const steps = changing(group.steps, value.mask)
    let list = this.#roots
    for (const [index, step] of steps.entries()) {
      const draft = list.find((other) => isAlike(other.step, step)) ?? plant(list, step)
      draft.minLength = Math.min(draft.minLength, value.minLength / growth(steps.slice(index)))
      draft.linkCount += group.links.length
      draft.minResult = Math.min(draft.minResult, value.minLength / growth(steps.slice(index + 1)))
      if (index === steps.length - 1) draft.groups.push(group)
      list = draft.next
    }
  }
}

/** Whether nobody who asks for the result of a step can match it, as its length and its kinds of bytes say. */
export function isVain(change: Change, output: string): boolean {
  if (output.length < change.minResult) return true
  return change.linkCount <= FEW_LINKS && !mayMatch(change, kinds(output) | TWINS)
}

/** The same, as far as it can be told of a value before the step is run. */
export function isVainAhead(change: Change, value: string): boolean {
  const { peek, linkCount } = change
  return peek !== undefined && linkCount <= FEW_LINKS && !mayMatch(change, peek(value) | TWINS)
}

/** Whether some link may match a result with these kinds of bytes, or what the steps behind make of it. */
function mayMatch({ groups, next }: Change, mask: number): boolean {
  for (let i = 0; i < groups.length; i++) if (groups[i]?.mayMatch(mask) === true) return true
  for (let i = 0; i < next.length; i++) {
    const change = next[i] as Change // below its length
    const isSame = change.effect.change(mask) === 'none'
    if (mayMatch(change, isSame ? mask : resultOf(change.step, mask))) return true
  }
  return false
}

function plant(list: Draft[], step: TransformNode): Draft {
  const most = Number.POSITIVE_INFINITY
  const draft: Draft = {
    step,
    effect: effectOf(step),
    peek: peekOf(step),
    groups: [],
    minLength: most,
    minResult: most,
    next: [],
    linkCount: 0,
  }
  list.push(draft)
  return draft
}

/** The steps that may do something to a value with these kinds of bytes. */
function changing(steps: readonly TransformNode[], mask: number): readonly TransformNode[] {
  let before = mask
  return steps.filter((step) => {
    if (stepEffect(step, before) === 'none') return false
    before = resultOf(step, before)
    return true
  })
}

function isAlike(left: TransformNode, right: TransformNode): boolean {
  return left.name === right.name && left.transform === right.transform
}
