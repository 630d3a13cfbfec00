import { detach } from './detach.ts'

/** What was worked out of texts that come again in other transactions. When it is full it begins anew; long texts are not kept. */
export class TextMemory<T> {
  readonly #known = new Map<string, T>()
  readonly #most: number
  readonly #longest: number

  /** @param longest in bytes */
  constructor({ most, longest }: { readonly most: number; readonly longest: number }) {
    this.#most = most
    this.#longest = longest
  }

  get(text: string): T | undefined {
    return this.#known.get(text)
  }

  keep(text: string, value: T): void {
    if (text.length > this.#longest) return
    if (this.#known.size >= this.#most) this.#known.clear()
    this.#known.set(detach(text), value)
  }
}
