import { type ActionDraft, emptyDraft, type IdRange } from '../actions/action.ts'
import { findAction } from '../actions/index.ts'
import { parseActions } from '../seclang/action-list.ts'
import type { ActionNode, Word } from '../seclang/ast.ts'
import { parseTargets } from '../seclang/targets.ts'
import { applyActions } from './actions.ts'
import type { DirectiveWord } from './directives.ts'
import type { Assembly, ChainDraft } from './draft.ts'
import { parseIdRanges } from './id-ranges.ts'
import { compilePattern } from './pattern.ts'
import { reject } from './rejection.ts'
import { compileTargets, type TargetList } from './targets.ts'

type Choice = (chain: ChainDraft) => boolean

/** SecDefaultAction and the directives that take rules out or change them. The latter hold wherever the rules stand. */
export const ruleDirectives: Readonly<Record<string, DirectiveWord>> = {
  SecDefaultAction: { least: 1, most: 1, apply: defaultAction },
  SecRuleRemoveById: removal(byId),
  SecRuleRemoveByTag: removal(byTag),
  SecRuleRemoveByMsg: removal(byMessage),
  SecRuleUpdateTargetById: targetUpdate(byId),
  SecRuleUpdateTargetByTag: targetUpdate(byTag),
  SecRuleUpdateTargetByMsg: targetUpdate(byMessage),
  SecRuleUpdateActionById: {
    least: 2,
    most: 2,
    apply: (assembly, id, [list]) => actionUpdate(assembly, id, list ?? id),
  },
}

function defaultAction(assembly: Assembly, list: Word): void {
  const draft = emptyDraft()
  const nodes = readActions(assembly, list)
  applyActions(draft, beyondBlock(nodes), { place: 'default', problems: assembly.problems })
  if (draft.phase === undefined) reject(list, 'SecDefaultAction lacks a phase')
  if (draft.disruptive === undefined) reject(list, 'SecDefaultAction lacks a disruptive action (pass, deny …)')
  if (draft.disruptive.kind === 'block') reject(list, 'block in SecDefaultAction would refer to itself')
  assembly.defaults.set(draft.phase, { log: true, auditLog: true, ...draft })
}

/** Beside another disruptive action `block` adds nothing: that action is what it stands for. */
function beyondBlock(nodes: readonly ActionNode[]): readonly ActionNode[] {
  const others = nodes.filter(({ name }) => name.text !== 'block')
  return others.some(({ name }) => findAction(name.text)?.group === 'disruptive') ? others : nodes
}

function removal(choose: (word: Word) => Choice): DirectiveWord {
  return {
    least: 1,
    most: 1000,
    apply(assembly, first, rest) {
      for (const isMeant of [first, ...rest].map(choose)) {
        assembly.updates.push((chain) => (isMeant(chain) ? 'remove' : 'keep'))
      }
    },
  }
}

/** `rules "!ARGS:x|…" [replaced]`: exclusions hold for the whole chain, new targets for its first rule. */
function targetUpdate(choose: (word: Word) => Choice): DirectiveWord {
  return {
    least: 2,
    most: 2,
    apply(assembly, rules, [list = rules]) {
      const isMeant = choose(rules)
      const parsed = parseTargets(list, sourceOf(assembly, list))
      for (const { location, message } of parsed.problems) assembly.problems.add(location, message)
      const added = compileTargets(parsed.targets)
      assembly.updates.push((chain) => {
        if (isMeant(chain)) addTargets(chain, added)
        return 'keep'
      })
    },
  }
}

function addTargets(chain: ChainDraft, added: TargetList): void {
  for (const [position, link] of chain.links.entries()) {
    if (link.targets === undefined) continue
    link.targets = {
      targets: position === 0 ? [...link.targets.targets, ...added.targets] : link.targets.targets,
      exclusions: [...link.targets.exclusions, ...added.exclusions],
      key: `${link.targets.key}|${position === 0 ? '' : '+'}${added.key}`,
    }
  }
}

/** The new actions are laid over the rule's own; its id, its phase and its chain stay. */
function actionUpdate(assembly: Assembly, idWord: Word, list: Word): void {
  const [, id = '', offset = '0'] =
    /^(\d+)(?::(\d+))?$/.exec(idWord.text) ?? reject(idWord, `"${idWord.text}" is not an id`)
  const nodes = readActions(assembly, list)
  const { problems } = assembly
  applyActions(emptyDraft(), nodes, { place: 'update', problems })
  assembly.updates.push((chain) => {
    const link = chain.links[Number(offset)]
    if (chain.id === Number(id) && link) applyActions(link.actions, nodes, { place: 'update', problems })
    return 'keep'
  })
}

function readActions(assembly: Assembly, list: Word): readonly ActionNode[] {
  const parsed = parseActions(list, sourceOf(assembly, list))
  for (const { location, message } of parsed.problems) assembly.problems.add(location, message)
  return parsed.actions
}

function sourceOf({ sources }: Assembly, { location }: Word) {
  return sources.get(location.file) ?? { file: location.file, lines: [] }
}

function byId(word: Word): Choice {
  const ranges: readonly IdRange[] = parseIdRanges(word)
  return ({ id }) => ranges.some(({ first, last }) => id >= first && id <= last)
}

function byTag(word: Word): Choice {
  const pattern = compilePattern(word, { ignoreCase: false })
  return (chain) => tagsOf(chain).some((tag) => pattern.test(tag))
}

function byMessage(word: Word): Choice {
  const pattern = compilePattern(word, { ignoreCase: false })
  return (chain) => chain.links.some(({ actions }) => actions.message && pattern.test(actions.message.source))
}

function tagsOf({ links }: ChainDraft): string[] {
  return links.flatMap(({ actions }: { actions: ActionDraft }) => actions.tags.map((tag) => tag.source))
}
