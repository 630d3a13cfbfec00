/**
 * Finds the first key of a map from whose front keys are taken away. A map keeps holes where keys were, and an iterator that is
 * made anew walks over all of them: in a flood that would cost more than all the rest. This one stays where it is.
 */
export class OldestFirst<Key> {
  readonly #map: ReadonlyMap<Key, unknown>
  #keys: Iterator<Key> | undefined

  constructor(map: ReadonlyMap<Key, unknown>) {
    this.#map = map
  }

  /** The caller has to remove the key, or to set it anew at the end. */
  next(): Key | undefined {
    this.#keys ??= this.#map.keys()
    const { done, value } = this.#keys.next()
    if (done !== true) return value
    this.#keys = undefined // an iterator that has come to the end once sees nothing new
    const [first] = this.#map.keys()
    return first
  }
}
