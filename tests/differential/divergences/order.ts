import type { Exchange } from '../exchange.ts'
import type { Divergence } from '../explain.ts'
import { differencesOf } from '../outcome.ts'
import { unseenIds } from '../rule-model.ts'

/** More orders than these are not tried. */
const MOST_ORDERS = 120

/**
 * The members of a collection, in the request's order here, in any order there: recognised by an order of the same
 * members in which acme-edge's engine says what ModSecurity has said.
 */
export function orderDivergence(entry: number): Divergence {
  return {
    entry,
    async without({ rules, exchange }, engines) {
      const orders = reordered(exchange).slice(0, MOST_ORDERS)
      const outcomes = await engines.runAll(rules, [exchange, ...orders])
      const [asSent] = outcomes
      if (typeof outcomes === 'string' || asSent === undefined || typeof asSent === 'string') return undefined
      const unseen = unseenIds(rules)
      const found = outcomes.findIndex(({ ours }) => differencesOf(ours, asSent.theirs, unseen).length === 0)
      return found < 1 ? undefined : 'everything'
    },
  }
}

function reordered(exchange: Exchange): Exchange[] {
  const [path = '', query] = exchange.target.split(/\?(.*)/s)
  const targets =
    query === undefined ? [exchange.target] : orders(query.split('&')).map((list) => `${path}?${list.join('&')}`)
  const headers = orders(exchange.headers)
  const found: Exchange[] = []
  for (const target of targets) for (const list of headers) found.push({ ...exchange, target, headers: list })
  return found
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length > 4) return items.flatMap((_, i) => rotations(items, i))
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, i) => orders(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}

/** Begun at a member, forwards and backwards. */
function rotations<T>(items: readonly T[], start: number): T[][] {
  const rotated = [...items.slice(start), ...items.slice(0, start)]
  return [rotated, rotated.toReversed()]
}
