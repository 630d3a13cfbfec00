/** The candidate that a mistyped word most likely meant; `undefined` when none is close. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // A word longer than any key by much is no typing error, and the distance costs its length times the key's.
  if (word.length > 64) return undefined
  const lower = word.toLowerCase().replaceAll('-', '_')
  let best: { candidate: string; distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(lower, candidate.toLowerCase())
    const allowed = Math.max(1, Math.floor(Math.max(candidate.length, lower.length) / 3))
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { candidate, distance }
  }
  return best?.candidate
}

/** Levenshtein's distance with neighbours swapped counted as one step. */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swap = swapped ? at(beforePrevious, j - 2) + 1 : Number.POSITIVE_INFINITY
      current.push(Math.min(substitution, at(previous, j) + 1, at(current, j - 1) + 1, swap))
    }
    beforePrevious = previous
    previous = current
  }
  return at(previous, b.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY
