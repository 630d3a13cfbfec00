export const isFullRun = process.env.ACME_EDGE_TEST_FULL === '1'

/** How many requests a property generates and from which seed; ACME_EDGE_TEST_SEED replays a run. */
export function runSize(counts: { usual: number; full: number }): { seed: number; count: number } {
  const seed = Number(process.env.ACME_EDGE_TEST_SEED ?? Date.now() % 2_147_483_647)
  return { seed, count: isFullRun ? counts.full : counts.usual }
}
