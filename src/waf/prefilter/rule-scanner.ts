import { alphabetOf } from './byte-kinds.ts'
import type { LiteralScanner, Scan } from './literal-scanner.ts'
import type { LinksOfHit } from './plans.ts'

/** Scans values for what rules look for: what is a literal in one alphabet is often a short piece of no interest in another. */
export class RuleScanner {
  readonly #scanner: LiteralScanner
  /** By alphabet and number of the hit: 1 where some link has a literal that ends in it. */
  readonly #isSought: readonly Uint8Array[]

  constructor(scanner: LiteralScanner, linksOfHit: LinksOfHit) {
    this.#scanner = scanner
    this.#isSought = linksOfHit.map((byHit) => Uint8Array.from(byHit, (links) => (links.length > 0 ? 1 : 0)))
  }

  scan(value: string): Scan {
    const scan = this.#scanner.scan(value)
    return scan.hits.length === 0 ? scan : this.#onlySought(scan)
  }

  /** Goes on with a long value that was scanned up to `before.length`, for so many bytes at most. */
  scanMore(value: string, before: Scan, bytes: number): Scan {
    const scan = this.#scanner.scanMore(value, before, bytes)
    // Which hits count depends on all kinds of bytes in the value.
    return scan.length < value.length ? scan : this.#onlySought(scan)
  }

  #onlySought(scan: Scan): Scan {
    const { mask } = scan
    const hits = scan.hits as number[] // the scan is new, and nobody else has it
    const isSought = this.#isSought[alphabetOf(mask)]
    if (isSought === undefined) return scan
    let kept = 0
    for (let i = 0; i < hits.length; i++) {
      const hit = hits[i] as number
      if (isSought[hit] === 1) hits[kept++] = hit
    }
    if (kept < hits.length) hits.length = kept
    return scan
  }
}
