import type { ActionDraft, PendingEffect, RuleIndex } from '../actions/action.ts'
import { buildScreen } from '../prefilter/build-screen.ts'
import type { WafMode } from '../transaction-types.ts'
import { reqbodyError, reqbodyProcessorError } from '../variables/request-body.ts'
import type { Assembly, ChainDraft, LinkDraft } from './draft.ts'
import { positionsAfterMatch } from './jumps.ts'
import type { NameTable } from './name-table.ts'
import { ProfileTable } from './profiles.ts'
import type { Disruptive, Effect, Link, Program, Rule } from './program.ts'
import { attemptOf } from './quick-rule.ts'
import { indexRules } from './rule-index.ts'
import { ceilingOf, lowerOf } from './settings.ts'
import { TransformationTrie } from './transformation-trie.ts'

interface Linker {
  readonly index: RuleIndex
  readonly profiles: ProfileTable
  readonly trie: TransformationTrie
  readonly names: NameTable
  readonly screening: LinkOptions['screening']
  linkCount: number
}

export interface LinkOptions {
  readonly mode: WafMode
  /** Whether rules may be passed over that no value can match. */
  readonly screening: 'on' | 'off'
}

/** Applies the updates, then joins everything into the frozen program: what refers to other rules is worked out here. */
export function linkProgram(assembly: Assembly, { mode, screening }: LinkOptions): Program {
  const chains = assembly.chains.filter((chain) => {
    // Every update sees every chain, so that one rule may be changed by several.
    const verdicts = assembly.updates.map((update) => update(chain))
    return !verdicts.includes('remove')
  })
  const linker: Linker = {
    index: indexRules(chains),
    profiles: new ProfileTable(assembly.names),
    screening,
    names: assembly.names,
    trie: new TransformationTrie(assembly.transformations),
    linkCount: 0,
  }
  const jumps = positionsAfterMatch(assembly, chains)
  const rules = chains.map((chain, index) => linkRule(chain, { index, nextPosition: jumps[index] ?? 0, linker }))
  const phases = [0, 1, 2, 3, 4, 5].map((phase) => rules.filter((rule) => rule.phase === phase))
  const ceiling = ceilingOf(mode)
  const { settings } = assembly
  return Object.freeze({
    settings: Object.freeze({ ...settings, engine: lowerOf(ceiling, settings.engine) }),
    phases,
    rules,
    names: assembly.names,
    screen: screening === 'on' ? buildScreen(phases, linker.linkCount) : undefined,
    warnings: [...assembly.warnings.values()],
    ceiling,
    readsBodyErrors: assembly.chains.some(readsBodyErrors),
    usesXpath: chains.some(({ links }) =>
      links.some(({ targets }) => targets?.targets.some(({ word }) => word.base !== undefined)),
    ),
    jsonByType: !chains.some(({ links }) => links.some(({ actions }) => actions.choosesJson === true)),
    mayRaiseEngine: chains.some(({ links }) => links.some(({ actions }) => actions.mayRaiseEngine === true)),
  })
}

/** Asked before rules are taken out: who removes such a rule wants the bodies. */
function readsBodyErrors({ links }: ChainDraft): boolean {
  return links.some(({ targets }) =>
    targets?.targets.some(({ word }) => word === reqbodyError || word === reqbodyProcessorError),
  )
}

interface Placement {
  readonly index: number
  readonly nextPosition: number
  readonly linker: Linker
}

function linkRule(chain: ChainDraft, { index, nextPosition, linker }: Placement): Rule {
  const { links, defaults } = chain
  const { actions } = links[0]
  // A chained rule's msg or logdata counts where the first rule has none.
  const first = <K extends keyof ActionDraft>(key: K) =>
    links.find((link) => link.actions[key] !== undefined)?.actions[key] ?? defaults[key]
  const rule = {
    id: chain.id,
    index,
    phase: chain.phase,
    head: linkChain(chain, linker),
    disruptive: disruptiveOf(actions, defaults),
    log: actions.log ?? defaults.log ?? true,
    auditLog: actions.auditLog ?? defaults.auditLog ?? true,
    message: first('message'),
    logData: first('logData'),
    tags: [...defaults.tags, ...links.flatMap((link) => link.actions.tags)],
    severity: first('severity'),
    version: actions.version ?? '',
    revision: actions.revision ?? '',
    maturity: actions.maturity ?? 0,
    accuracy: actions.accuracy ?? 0,
    nextPosition,
  }
  return Object.freeze({ ...rule, attempt: linker.screening === 'on' ? attemptOf(rule) : undefined })
}

function linkChain({ links, defaults }: ChainDraft, linker: Linker): Link {
  let next: Link | undefined
  for (let i = links.length - 1; i > 0; i--) {
    const link = links[i]
    if (link !== undefined) next = linkOne(link, { inherited: undefined, next, linker })
  }
  return linkOne(links[0], { inherited: defaults, next, linker })
}

interface LinkContext {
  /** SecDefaultAction's, for the first rule of a chain only. */
  readonly inherited: ActionDraft | undefined
  readonly next: Link | undefined
  readonly linker: Linker
}

function linkOne(draft: LinkDraft, { inherited, next, linker }: LinkContext): Link {
  const { node, targets, operator, actions } = draft
  const before = actions.transformationsReset === true ? [] : (inherited?.transformations ?? [])
  const path = linker.trie.path([...before, ...actions.transformations])
  const effects = (pending: readonly PendingEffect[]): Effect[] =>
    pending.map((resolve) => resolve(linker.index, linker.names))
  return {
    number: linker.linkCount++,
    location: node.location,
    raw: node.raw,
    condition: targets && operator && { profile: linker.profiles.intern(targets), operator },
    transformation: path.at(-1),
    steps: actions.multiMatch === true ? path : undefined,
    capture: actions.capture ?? inherited?.capture ?? false,
    onMatch: effects([...(inherited?.onMatch ?? []), ...actions.onMatch]),
    afterMatch: effects([...(inherited?.afterMatch ?? []), ...actions.afterMatch]),
    next,
  }
}

/** `block`, and a rule that says nothing, do what SecDefaultAction says; the rule's own status goes before its. */
function disruptiveOf(actions: ActionDraft, defaults: ActionDraft): Disruptive {
  const own = actions.disruptive?.kind === 'block' ? undefined : actions.disruptive
  const chosen = own ?? defaults.disruptive ?? { kind: 'pass' }
  const status = actions.status ?? defaults.status
  switch (chosen.kind) {
    case 'deny':
      return { kind: 'deny', status: status ?? 403 }
    case 'redirect':
      return { kind: 'redirect', status: isRedirect(status) ? status : 302, location: chosen.location }
    case 'block':
      return { kind: 'pass' }
    default:
      return chosen
  }
}

function isRedirect(status: number | undefined): status is number {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308
}
