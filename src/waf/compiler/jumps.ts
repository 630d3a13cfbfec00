import type { Word } from '../seclang/ast.ts'
import type { Assembly, ChainDraft } from './draft.ts'

/**
 * For each chain: the position, in its phase's list of rules, where evaluation goes on after a match. That is the next
 * one but for `skip` and `skipAfter`. A marker exists in every phase. One that does not exist is a problem: ModSecurity
 * would leave out the rest of the phase, which turns a misspelling into an open door.
 */
export function positionsAfterMatch(assembly: Assembly, chains: readonly ChainDraft[]): number[] {
  const order = new Map(assembly.chains.map((chain, place) => [chain, place]))
  const placeOf = (chain: ChainDraft): number => order.get(chain) ?? 0
  const byPhase = new Map([1, 2, 3, 4, 5].map((phase) => [phase, chains.filter((chain) => chain.phase === phase)]))
  return chains.map((chain) => {
    const list = byPhase.get(chain.phase) ?? []
    const position = list.indexOf(chain)
    const { skip, skipAfter } = chain.links[0].actions
    if (skipAfter === undefined) return position + 1 + (skip ?? 0)
    const place = findPlace(assembly, skipAfter, placeOf(chain))
    if (place === undefined) return list.length
    const next = list.findIndex((other) => placeOf(other) >= place)
    return next < 0 ? list.length : next
  })
}

/** Number of chains before the marker (or up to the rule) of that name, looking only behind the rule that skips. */
function findPlace(assembly: Assembly, label: Word, from: number): number | undefined {
  const { markers, chains, problems, isIncomplete } = assembly
  const marker = markers.find(({ label: name, position }) => name === label.text && position > from)
  if (marker !== undefined) return marker.position
  const rule = chains.findIndex((chain, place) => place > from && String(chain.id) === label.text)
  if (rule >= 0) return rule + 1
  if (!isIncomplete) problems.add(label.location, `no marker and no rule "${label.text}" follows this rule`)
  return undefined
}
