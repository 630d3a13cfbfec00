import { type ActionDraft, emptyDraft } from '../actions/action.ts'
import { readNamespace } from '../actions/xmlns.ts'
import { findOperator } from '../operators/index.ts'
import type { ActionNode, Node, OperatorNode, RuleNode, UnconditionalNode } from '../seclang/ast.ts'
import type { Location } from '../seclang/location.ts'
import type { Turns } from '../turns.ts'
import { applyActions } from './actions.ts'
import { applyDirective } from './directives.ts'
import type { Assembly, ChainDraft, LinkDraft } from './draft.ts'
import { compileOperator } from './operators.ts'
import type { RuleOperator } from './program.ts'
import { compileTargets, type TargetList } from './targets.ts'
import { warn } from './warnings.ts'
import type { Namespaces } from './xpath-target.ts'

const DEFAULT_PHASE = 2

/** Takes the nodes of all files, in load order, into the assembly: rules joined to chains, directives obeyed. */
export async function assemble(assembly: Assembly, nodes: readonly Node[], turns: Turns): Promise<void> {
  let chain: LinkDraft[] = []
  for (const node of nodes) {
    if (turns.isOver()) await turns.giveUp()
    if (node.kind !== 'rule' && node.kind !== 'action') {
      rejectChain(assembly, chain)
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

/** A rule said `chain`, and what follows is not a rule: which one is meant is anybody's guess. */
function rejectChain({ problems, isIncomplete }: Assembly, links: readonly LinkDraft[]): void {
  const last = links.at(-1)
  if (last !== undefined && !isIncomplete)
    problems.add(placeOf(last, 'chain'), 'no rule follows to continue this chain')
}

/** The last rule of all said `chain`. As in ModSecurity its effects happen, but the chain as a whole never matches. */
function endChain(assembly: Assembly, links: readonly LinkDraft[]): void {
  const last = links.at(-1)
  if (last === undefined || assembly.isIncomplete) return
  warn(assembly, 'an open chain', {
    location: placeOf(last, 'chain'),
    message: 'this chain is not continued: it never matches',
  })
  addChain(assembly, [...links, { node: last.node, targets: noTargets, operator: neverMatches, actions: emptyDraft() }])
}

const noTargets: TargetList = { targets: [], exclusions: [], key: '' }
const neverMatches: RuleOperator = {
  label: 'NoMatch',
  argument: '',
  macro: undefined,
  negated: false,
  resolve: { test: () => false },
}

function placeOf({ node }: LinkDraft, action: string): Location {
  return node.actions.find(({ name }) => name.text === action)?.name.location ?? node.location
}

function draftLink(assembly: Assembly, node: RuleNode | UnconditionalNode, isChained: boolean): LinkDraft {
  const { problems } = assembly
  const actions = emptyDraft()
  const targets =
    node.kind === 'rule' ? problems.attempt(() => compileTargets(node.targets, namespacesOf(node.actions))) : undefined
  const operator = node.kind === 'rule' ? problems.attempt(() => compileOperator(node.operator, assembly)) : undefined
  applyActions(actions, node.actions, { place: isChained ? 'chained' : 'rule', problems })
  const link = { node, targets, operator, actions }
  if (node.kind === 'rule') warnAboutOperator(assembly, node.operator)
  if (isChained && actions.id !== undefined) warnAboutId(assembly, link)
  return link
}

/** Those that do not fit are a problem of the action. */
function namespacesOf(actions: readonly ActionNode[]): Namespaces {
  const declared = actions.filter(({ name }) => name.text === 'xmlns').map(({ argument }) => argument?.text ?? '')
  return new Map(declared.map(readNamespace).filter((pair) => pair !== undefined))
}

/** An operator that can never match here is loaded, since the rest of the file is worth having, but not in silence. */
function warnAboutOperator(assembly: Assembly, { name }: OperatorNode): void {
  const word = findOperator(name.text)
  if (word?.limitation === undefined) return
  warn(assembly, word.name, { location: name.location, message: `@${word.name} never matches: ${word.limitation}` })
}

/** As in ModSecurity 3 it is allowed and names nothing: who wants to exclude the rule by it should know. */
function warnAboutId(assembly: Assembly, link: LinkDraft): void {
  const message = 'the id of a chained rule names nothing: the chain goes by the id of its first rule'
  warn(assembly, 'the id of a chained rule', { location: placeOf(link, 'id'), message })
}

function addChain(assembly: Assembly, links: readonly LinkDraft[]): void {
  const [head, ...rest] = links
  if (head === undefined) return
  const { actions } = head
  const phase = actions.phase ?? DEFAULT_PHASE
  const id = checkedId(assembly, head)
  if (id === undefined) return
  const defaults = assembly.defaults.get(phase) ?? builtInDefaults
  const chain: ChainDraft = { id, phase, links: [head, ...rest], defaults }
  assembly.chains.push(chain)
  assembly.chainsById.set(id, chain)
}

/** Every rule has an id of its own: without it no log line, exclusion or test could name it. */
function checkedId({ problems, chainsById, isIncomplete }: Assembly, head: LinkDraft): number | undefined {
  const { actions, node } = head
  if (actions.id === undefined) {
    if (!isIncomplete && !node.actions.some(({ name }) => name.text === 'id'))
      problems.add(node.location, 'the rule has no id')
    return undefined
  }
  const other = chainsById.get(actions.id)
  if (other === undefined) return actions.id
  const { file, line } = other.links[0].node.location
  problems.add(placeOf(head, 'id'), `the id ${actions.id} is already that of the rule at ${file}:${line}`)
  return undefined
}

/** In force until a SecDefaultAction for the phase. */
const builtInDefaults: ActionDraft = {
  ...emptyDraft(),
  disruptive: { kind: 'pass' },
  log: true,
  auditLog: true,
}
