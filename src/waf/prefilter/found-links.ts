import type { ScreenedLink } from './plans.ts'

/** A list that is filled and emptied for every value, and keeps its room. */
export class FoundLinks {
  readonly #links: ScreenedLink[] = []
  count = 0

  add(link: ScreenedLink): void {
    this.#links[this.count++] = link
  }

  addAll(links: readonly ScreenedLink[]): void {
    for (let i = 0; i < links.length; i++) this.#links[this.count++] = links[i] as ScreenedLink
  }

  /** @param index below `count` */
  at(index: number): ScreenedLink {
    return this.#links[index] as ScreenedLink
  }

  toArray(): ScreenedLink[] {
    return this.#links.slice(0, this.count)
  }
}
