import type { LinkModel, Statement } from './rule-model.ts'

/** The rules with each link (of a chain, or alone) replaced; `undefined` where nothing changes. */
export function mapLinks(
  rules: readonly Statement[],
  change: (link: LinkModel, place: { readonly isHead: boolean; readonly phase: number }) => LinkModel,
): Statement[] | undefined {
  let isChanged = false
  const mapped = rules.map((statement): Statement => {
    if (statement.kind !== 'rule') return statement
    const phase = phaseOf(statement.links[0])
    const links = statement.links.map((link, position) => change(link, { isHead: position === 0, phase }))
    if (links.every((link, position) => link === statement.links[position])) return statement
    isChanged = true
    return { kind: 'rule', links }
  })
  return isChanged ? mapped : undefined
}

function phaseOf(head: LinkModel | undefined): number {
  const action = head?.actions.find((text) => text.startsWith('phase:'))
  return Number(action?.slice('phase:'.length) ?? 2)
}

/** All texts of the rules replaced: targets, arguments, actions. */
export function mapTexts(
  rules: readonly Statement[],
  change: (text: string, part: 'target' | 'argument' | 'action') => string,
): Statement[] | undefined {
  return mapLinks(rules, (link) => {
    const targets = link.targets.map((text) => change(text, 'target'))
    const argument = change(link.argument, 'argument')
    const actions = link.actions.map((text) => change(text, 'action'))
    const before = [...link.targets, link.argument, ...link.actions]
    const isSame = [...targets, argument, ...actions].every((text, i) => text === before[i])
    return isSame ? link : { ...link, targets, argument, actions }
  })
}
