import { type ActionDraft, emptyDraft } from '../actions/action.ts'
import { findOperator } from '../operators/index.ts'
import type { Node, OperatorNode, RuleNode, UnconditionalNode } from '../seclang/ast.ts'
import type { Turns } from '../turns.ts'
import { applyActions } from './actions.ts'
import { applyDirective } from './directives.ts'
import type { Assembly, LinkDraft } from './draft.ts'
import { compileOperator } from './operators.ts'
import { compileTargets } from './targets.ts'

const DEFAULT_PHASE = 2

/** Takes the nodes of all files, in load order, into the assembly: rules joined to chains, directives obeyed. */
export async function assemble(assembly: Assembly, nodes: readonly Node[], turns: Turns): Promise<void> {
  let chain: LinkDraft[] = []
  for (const node of nodes) {
    if (turns.isOver()) await turns.giveUp()
    if (node.kind !== 'rule' && node.kind !== 'action') {
      endChain(assembly, chain)
      chain = []
      if (node.kind === 'marker') {
        assembly.markers.push({ label: node.label.text, position: assembly.chains.length })
      } else applyDirective(assembly, node)
      continue
    }
    chain.push(draftLink(assembly, node, chain.length > 0))
    if (chain.at(-1)?.actions.chain === true) continue
    addChain(assembly, chain)
    chain = []
  }
  endChain(assembly, chain)
}

/** A rule said `chain`, and what follows is not a rule. */
function endChain(assembly: Assembly, links: readonly LinkDraft[]): void {
  const last = links.at(-1)
  if (last === undefined || assembly.isIncomplete) return
  const place = last.node.actions.find(({ name }) => name.text === 'chain')?.name.location ?? last.node.location
  assembly.problems.add(place, 'no rule follows to continue this chain')
}

function draftLink(assembly: Assembly, node: RuleNode | UnconditionalNode, isChained: boolean): LinkDraft {
  const { problems, readFile } = assembly
  const actions = emptyDraft()
  const targets = node.kind === 'rule' ? problems.attempt(() => compileTargets(node.targets)) : undefined
  const operator = node.kind === 'rule' ? problems.attempt(() => compileOperator(node.operator, readFile)) : undefined
  applyActions(actions, node.actions, { place: isChained ? 'chained' : 'rule', problems })
  if (node.kind === 'rule') warnAbout(assembly, node.operator)
  return { node, targets, operator, actions }
}

/** An operator that can never match here is loaded, since the rest of the file is worth having, but not in silence. */
function warnAbout({ problems, warnings }: Assembly, { name }: OperatorNode): void {
  const word = findOperator(name.text)
  if (word?.limitation === undefined || warnings.has(word.name)) return
  warnings.set(word.name, problems.describe(name.location, `@${word.name} never matches: ${word.limitation}`))
}

function addChain(assembly: Assembly, links: readonly LinkDraft[]): void {
  const [head, ...rest] = links
  if (head === undefined) return
  const { actions } = head
  const phase = actions.phase ?? DEFAULT_PHASE
  const id = checkedId(assembly, head)
  if (id === undefined) return
  assembly.chains.push({ id, phase, links: [head, ...rest], defaults: assembly.defaults.get(phase) ?? builtInDefaults })
}

/** Every rule has an id of its own: without it no log line, exclusion or test could name it. */
function checkedId({ problems, chains, isIncomplete }: Assembly, { actions, node }: LinkDraft): number | undefined {
  if (actions.id === undefined) {
    if (!isIncomplete && !node.actions.some(({ name }) => name.text === 'id'))
      problems.add(node.location, 'the rule has no id')
    return undefined
  }
  const other = chains.find((chain) => chain.id === actions.id)
  if (other === undefined) return actions.id
  const place = node.actions.find(({ name }) => name.text === 'id')?.name.location ?? node.location
  const { file, line } = other.links[0].node.location
  problems.add(place, `the id ${actions.id} is already that of the rule at ${file}:${line}`)
  return undefined
}

/** In force until a SecDefaultAction for the phase. */
const builtInDefaults: ActionDraft = {
  ...emptyDraft(),
  disruptive: { kind: 'pass' },
  log: true,
  auditLog: true,
}
