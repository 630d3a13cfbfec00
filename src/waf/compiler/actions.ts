import type { ActionDraft } from '../actions/action.ts'
import { findAction } from '../actions/index.ts'
import type { ActionNode } from '../seclang/ast.ts'
import { reasonAgainst } from './refused-words.ts'
import { type ProblemList, reject } from './rejection.ts'

/** Where a list of actions stands: not every action has a meaning everywhere. */
export type ActionPlace = 'rule' | 'chained' | 'default' | 'update'

/** Metadata that SecDefaultAction may give to rules that have none of their own; the rest describes one rule. */
const sharedMetadata: readonly string[] = ['msg', 'logdata', 'severity', 'tag']

/** Applies each action in order; each that cannot be honoured becomes a problem of its own. */
export function applyActions(
  draft: ActionDraft,
  nodes: readonly ActionNode[],
  context: { place: ActionPlace; problems: ProblemList },
): void {
  for (const node of nodes) context.problems.attempt(() => applyAction(draft, node, context.place))
}

function applyAction(draft: ActionDraft, { name, argument }: ActionNode, place: ActionPlace): void {
  const word =
    findAction(name.text) ??
    reject(name, `the action "${name.text}" is not supported${reasonAgainst('Actions', name.text)}`)
  if (argument === undefined && word.argument === 'required')
    reject(name, `the action "${word.name}" lacks its argument`)
  if (argument !== undefined && word.argument === 'none')
    reject(argument, `the action "${word.name}" takes no argument`)
  const misplaced = whyMisplaced(word.name, word.group, place)
  if (misplaced !== undefined) reject(name, `the action "${word.name}" ${misplaced}`)
  word.apply(draft, argument ?? { text: '', location: name.location })
}

function whyMisplaced(name: string, group: string, place: ActionPlace): string | undefined {
  switch (place) {
    case 'rule':
      return undefined
    case 'chained':
      return name === 'phase' || group === 'disruptive' || group === 'flow'
        ? 'belongs to the first rule of the chain'
        : undefined
    case 'default':
      return isForOneRule(name, group) ? 'has no meaning in SecDefaultAction' : undefined
    case 'update':
      return name === 'chain' || group === 'identity' ? 'of a rule cannot be changed' : undefined
    default:
      return place satisfies never
  }
}

function isForOneRule(name: string, group: string): boolean {
  if (group === 'metadata') return !sharedMetadata.includes(name)
  return name === 'chain' || group === 'flow' || (group === 'identity' && name !== 'phase')
}
