import type { Word } from '../seclang/ast.ts'
import type { Assembly, ChainDraft } from './draft.ts'

/** Where chains and markers stand; looking one up takes the same time among five thousand rules as among fifty. */
interface Places {
  /** Of each chain among all, those included that were taken out. */
  readonly ofChain: ReadonlyMap<ChainDraft, number>
  /** By label, ascending: the number of chains that stand before each marker of that name. */
  readonly ofMarkers: ReadonlyMap<string, readonly number[]>
}

/**
 * For each chain: the position, in its phase's list of rules, where evaluation goes on after a match. That is the next
 * one but for `skip` and `skipAfter`. A marker exists in every phase. One that does not exist is a problem: ModSecurity
 * would leave out the rest of the phase, which turns a misspelling into an open door.
 */
export function positionsAfterMatch(assembly: Assembly, chains: readonly ChainDraft[]): number[] {
  const places = findPlaces(assembly)
  const placeOf = (chain: ChainDraft): number => places.ofChain.get(chain) ?? 0
  const placesByPhase = [0, 1, 2, 3, 4, 5].map((phase) => chains.filter((chain) => chain.phase === phase).map(placeOf))
  const passed = [0, 0, 0, 0, 0, 0]
  return chains.map((chain) => {
    const { phase } = chain
    const list = placesByPhase[phase] ?? []
    const position = passed[phase] ?? 0
    passed[phase] = position + 1
    const { skip, skipAfter } = chain.links[0].actions
    if (skipAfter === undefined) return position + 1 + (skip ?? 0)
    const place = findPlace(assembly, skipAfter, { places, from: placeOf(chain) })
    return place === undefined ? list.length : firstFrom(list, place)
  })
}

function findPlaces({ chains, markers }: Assembly): Places {
  const ofMarkers = new Map<string, number[]>()
  for (const { label, position } of markers) {
    const known = ofMarkers.get(label)
    if (known === undefined) ofMarkers.set(label, [position])
    else known.push(position)
  }
  return { ofChain: new Map(chains.map((chain, place) => [chain, place])), ofMarkers }
}

/** Number of chains before the marker (or up to the rule) of that name, looking only behind the rule that skips. */
function findPlace(
  { chainsById, problems, isIncomplete }: Assembly,
  label: Word,
  { places, from }: { places: Places; from: number },
): number | undefined {
  const positions = places.ofMarkers.get(label.text) ?? []
  const marker = positions[firstFrom(positions, from + 1)]
  if (marker !== undefined) return marker
  const rule = chainsById.get(Number(label.text))
  const place = rule === undefined || String(rule.id) !== label.text ? undefined : places.ofChain.get(rule)
  if (place !== undefined && place > from) return place + 1
  if (!isIncomplete) problems.add(label.location, `no marker and no rule "${label.text}" follows this rule`)
  return undefined
}

/** Index of the first of ascending numbers that is not below `least`; their count when there is none. */
function firstFrom(numbers: readonly number[], least: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) < least) low = middle + 1
    else high = middle
  }
  return low
}
