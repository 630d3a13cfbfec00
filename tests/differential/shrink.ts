import type { Case } from './case.ts'
import type { Exchange } from './exchange.ts'
import type { LinkModel, Statement } from './rule-model.ts'

const ROUNDS = 200

/** The smallest case that still fails and can be reached by leaving out one piece after the other. */
export async function shrink(start: Case, stillFails: (candidate: Case) => Promise<boolean>): Promise<Case> {
  let smallest = start
  for (let round = 0; round < ROUNDS; round++) {
    const smaller = await findFailing([...smallerRules(smallest), ...smallerExchanges(smallest)], stillFails)
    if (smaller === undefined) return smallest
    smallest = smaller
  }
  return smallest
}

async function findFailing(
  candidates: readonly Case[],
  stillFails: (candidate: Case) => Promise<boolean>,
): Promise<Case | undefined> {
  for (const candidate of candidates) if (await stillFails(candidate)) return candidate
  return undefined
}

/** So many rules take seconds to load: they stay as they are. */
export function isLarge({ rules }: Case): boolean {
  return rules.length > 100
}

function smallerRules(one: Case): Case[] {
  const { rules, exchange } = one
  if (isLarge(one)) return []
  return smallerStatements(rules).map((smaller) => ({ rules: smaller, exchange }))
}

function smallerStatements(rules: readonly Statement[]): Statement[][] {
  const fixed = rules.filter(({ kind }) => kind === 'setting')
  const others = rules.filter(({ kind }) => kind !== 'setting')
  const half = others.length / 2
  const halves = half > 3 ? [others.slice(0, half), others.slice(half)].map((part) => [...fixed, ...part]) : []
  const fewer = others.map((_, i) => [...fixed, ...others.toSpliced(i, 1)])
  const smaller = rules.flatMap((statement, i) => smallerStatement(statement).map((other) => rules.with(i, other)))
  return [...halves, ...fewer, ...smaller]
}

function smallerStatement(statement: Statement): Statement[] {
  if (statement.kind !== 'rule') return []
  const { links } = statement
  const shorter = links.length > 1 ? links.map((_, i) => withoutLink(links, i)) : []
  const simpler = links.flatMap((link, i) => smallerLink(link).map((other) => links.with(i, other)))
  return [...shorter, ...simpler].map((smaller) => ({ kind: 'rule', links: smaller }))
}

/** The first rule of a chain has the id: what is left inherits it. */
function withoutLink(links: readonly LinkModel[], position: number): LinkModel[] {
  const [head, second, ...rest] = links
  if (position > 0 || head === undefined || second === undefined) return links.toSpliced(position, 1)
  const kept = head.actions.filter((action) => /^(?:id|phase|log|pass):?/.test(action))
  return [{ ...second, actions: [...kept, ...second.actions] }, ...rest]
}

function smallerLink(link: LinkModel): LinkModel[] {
  const { targets, actions, argument } = link
  const fewerTargets = targets.length > 1 ? targets.map((_, i) => ({ ...link, targets: targets.toSpliced(i, 1) })) : []
  const fewerActions = actions.flatMap((action, i) => {
    return /^(?:id|phase):/.test(action) ? [] : [{ ...link, actions: actions.toSpliced(i, 1) }]
  })
  const shorter = shorterTexts(argument).map((text) => ({ ...link, argument: text }))
  const plain = link.operator.startsWith('!') ? [{ ...link, operator: link.operator.slice(1) }] : []
  return [...fewerTargets, ...fewerActions, ...plain, ...shorter]
}

function smallerExchanges({ rules, exchange }: Case): Case[] {
  const { target, headers, body, response } = exchange
  const found: Exchange[] = []
  if (body !== undefined) {
    found.push({ ...exchange, body: undefined }, ...shorterTexts(body).map((text) => ({ ...exchange, body: text })))
  }
  found.push(...headers.map((_, i) => ({ ...exchange, headers: headers.toSpliced(i, 1) })))
  const shorterHeaders = headers.flatMap(([name, value], i) =>
    shorterTexts(value).map((text) => headers.with(i, [name, text])),
  )
  found.push(...shorterHeaders.map((smaller) => ({ ...exchange, headers: smaller })))
  found.push(...shorterTexts(target.slice(1)).map((text) => ({ ...exchange, target: `/${text}` })))
  found.push(...shorterTexts(response.body).map((text) => ({ ...exchange, response: { ...response, body: text } })))
  return found.map((smaller) => ({ rules, exchange: smaller }))
}

/** Halves, then quarters, then single bytes less. */
function shorterTexts(text: string): string[] {
  const found = new Set<string>()
  for (let size = text.length; size >= 1; size = Math.floor(size / 2)) {
    if (text.length / size > 24 && size > 1) break
    for (let at = 0; at < text.length && found.size < 150; at += size)
      found.add(text.slice(0, at) + text.slice(at + size))
  }
  return [...found]
}
