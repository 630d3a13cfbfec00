import { isAlias, isMap, isScalar, isSeq, type Pair } from 'yaml'
import { nearest } from './nearest.ts'
import { type ConfigSource, type Invalid, invalid, lineOf, note } from './source.ts'

/** What is read of a YAML node; its offset is where a problem with it is shown. */
export interface Place {
  readonly node: unknown
  readonly offset: number
}

/** Turns one YAML node into a value; notes every problem it finds and returns `invalid` where there is any. */
export interface Reader<T> {
  read(place: Place, source: ConfigSource): T | Invalid
  /** Paths of the keys beneath, for the documentation's test: `sites[].hosts`. */
  keys(prefix: string): readonly string[]
}

/** One key of a mapping. `absent` gives the value when the key is missing; `undefined` there: the key is required. */
export interface Field<T> {
  readonly reader: Reader<T>
  readonly absent: (() => T) | undefined
}

/** A value that remembers its place, for checks across keys. */
export interface Located<T> {
  readonly value: T
  readonly offset: number
}

export const required = <T>(reader: Reader<T>): Field<T> => ({ reader, absent: undefined })

export const optional = <T>(reader: Reader<T>, absent: () => T): Field<T> => ({ reader, absent })

export const optionalOrNone = <T>(reader: Reader<T>): Field<T | undefined> => ({ reader, absent: () => undefined })

export function located<T>(reader: Reader<T>): Reader<Located<T>> {
  return {
    keys: reader.keys,
    read(place, source) {
      const value = reader.read(place, source)
      return value === invalid ? invalid : { value, offset: place.offset }
    },
  }
}

/** A value that may stand only once in the whole file; `identify` gives its name, or `undefined` where it does not matter. */
export function once<T>(reader: Reader<T>, identify: (value: T) => string | undefined): Reader<T> {
  return refine(reader, ({ value, offset }, source) => {
    const name = identify(value)
    if (name === undefined) return
    const firstLine = source.linesSeen.get(name)
    if (firstLine !== undefined) note(source, offset, `the ${name} stands twice: first in line ${firstLine}`)
    else source.linesSeen.set(name, lineOf(source, offset))
  })
}

/** A further look at a value that could be read; the check notes what it finds. */
export function refine<T>(reader: Reader<T>, check: (found: Located<T>, source: ConfigSource) => void): Reader<T> {
  return {
    keys: reader.keys,
    read(place, source) {
      const value = reader.read(place, source)
      if (value !== invalid) check({ value, offset: place.offset }, source)
      return value
    },
  }
}

/** A list in block or flow style. `emptyMessage` set: an empty list is refused with it. */
export function listOf<T>(item: Reader<T>, emptyMessage?: string): Reader<readonly T[]> {
  return {
    keys: (prefix) => item.keys(prefix === '' ? '' : `${prefix}[]`),
    read(place, source) {
      const { node } = place
      if (!isSeq(node)) return note(source, place.offset, `expected a list, found ${found(node)}`)
      if (node.items.length === 0 && emptyMessage !== undefined) return note(source, place.offset, emptyMessage)
      const values = node.items.map((child) => item.read(placeOf(child, place.offset), source))
      return values.some((value) => value === invalid) ? invalid : (values as T[]) // no member is `invalid`
    },
  }
}

type FieldValues<F extends Record<string, Field<unknown>>> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never
}

/** A mapping with these keys and no others; each key once. */
export function mapOf<F extends Record<string, Field<unknown>>>(fields: F): Reader<FieldValues<F>> {
  return {
    keys: (prefix) =>
      Object.entries(fields).flatMap(([key, field]) => field.reader.keys(prefix === '' ? key : `${prefix}.${key}`)),
    read(place, source) {
      const { node } = place
      if (!isMap(node)) return note(source, place.offset, `expected a mapping of keys, found ${found(node)}`)
      const places = readKeys(node.items, Object.keys(fields), { source, offset: place.offset })
      const values: [string, unknown][] = Object.entries(fields).map(([key, field]) => [
        key,
        readField(key, field, { place: places.get(key), parent: place.offset, source }),
      ])
      if (values.some(([, value]) => value === invalid)) return invalid
      return Object.fromEntries(values) as FieldValues<F> // every key of F, none `invalid`
    },
  }
}

interface FieldContext {
  readonly place: Place | undefined
  readonly parent: number
  readonly source: ConfigSource
}

function readField(key: string, field: Field<unknown>, context: FieldContext): unknown {
  if (context.place !== undefined) return field.reader.read(context.place, context.source)
  if (field.absent !== undefined) return field.absent()
  return note(context.source, context.parent, `the key "${key}" is missing`)
}

function readKeys(
  pairs: readonly Pair[],
  known: readonly string[],
  context: { readonly source: ConfigSource; readonly offset: number },
): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const pair of pairs) {
    const { offset } = placeOf(pair.key, context.offset)
    const key = isScalar(pair.key) ? String(pair.key.value) : undefined
    if (key === undefined || !known.includes(key)) {
      note(context.source, offset, key === undefined ? 'a key must be a plain word' : unknownKey(key, known))
    } else if (places.has(key)) {
      note(context.source, offset, `the key "${key}" appears twice`)
    } else {
      places.set(key, placeOf(pair.value, offset))
    }
  }
  return places
}

function unknownKey(key: string, known: readonly string[]): string {
  const close = nearest(key, known)
  const hint = close === undefined ? `the keys here are: ${known.join(', ')}` : `did you mean "${close}"?`
  return `unknown key ${JSON.stringify(key.slice(0, 100))}; ${hint}`
}

/** The place of a node, or of its parent where the YAML library made a node without a range. */
export function placeOf(node: unknown, parentOffset: number): Place {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined
  return { node, offset: range?.[0] ?? parentOffset }
}

/** What stands there instead of what was expected, for a message. */
export function found(node: unknown): string {
  if (isMap(node)) return 'a mapping'
  if (isSeq(node)) return 'a list'
  // Anchors and aliases can unfold to far more than the file holds ("billion laughs"): not part of this file's language.
  if (isAlias(node)) return 'a YAML alias, which is not supported here'
  if (!isScalar(node) || node.value === null) return 'nothing'
  if (typeof node.value === 'string') return `the text ${JSON.stringify(node.value.slice(0, 100))}`
  return `the ${typeof node.value} ${String(node.value)}`
}
