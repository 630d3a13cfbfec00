import type { TransformNode } from '../entry.ts'
import type { ChangedGroup } from './plans.ts'
import { type Effect, effectOf, growth, resultOf, stepEffect } from './transformation-effects.ts'

/** A step that may change a value, with what is to be asked of the result, and the steps that follow. */
export interface Change {
  readonly step: TransformNode
  readonly effect: Effect
  readonly groups: readonly ChangedGroup[]
  /** Nothing behind this step can match what a shorter string becomes, or a shorter result. */
  readonly minLength: number
  readonly minResult: number
  readonly next: readonly Change[]
}

interface Draft extends Change {
  readonly groups: ChangedGroup[]
  minLength: number
  minResult: number
  readonly next: Draft[]
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
      draft.minResult = Math.min(draft.minResult, value.minLength / growth(steps.slice(index + 1)))
      if (index === steps.length - 1) draft.groups.push(group)
      list = draft.next
    }
  }
}

function plant(list: Draft[], step: TransformNode): Draft {
  const most = Number.POSITIVE_INFINITY
  const draft: Draft = { step, effect: effectOf(step), groups: [], minLength: most, minResult: most, next: [] }
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
