/** What an engine made of an exchange, in the terms in which two engines can be compared. */
export interface EngineOutcome {
  /** ModSecurity says `drop` as a block, with whatever status. */
  readonly verdict: 'pass' | `block ${number}` | 'drop' | 'redirect'
  /** By id: what `logdata` came to; `undefined` where it cannot be known. */
  readonly matches: ReadonlyMap<number, string | undefined>
}

/** What differs, a line each; empty when the two agree. */
export function differencesOf(ours: EngineOutcome, theirs: EngineOutcome, unseen: readonly number[] = []): string[] {
  const found: string[] = []
  const isSame = ours.verdict === 'drop' ? theirs.verdict.startsWith('block') : ours.verdict === theirs.verdict
  if (!isSame) found.push(`verdict: ours ${ours.verdict}, theirs ${theirs.verdict}`)
  for (const id of ours.matches.keys())
    if (!unseen.includes(id) && !theirs.matches.has(id)) found.push(`rule ${id}: only ours matches`)
  for (const id of theirs.matches.keys())
    if (!unseen.includes(id) && !ours.matches.has(id)) found.push(`rule ${id}: only theirs matches`)
  return found
}
