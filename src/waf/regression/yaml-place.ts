import { type Document, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import type { SourceProblem } from '../../errors.ts'
import type { Location } from '../seclang/location.ts'

/** A YAML file with what has been found wrong with it so far. */
export interface YamlSource {
  readonly file: string
  readonly text: string
  readonly problems: SourceProblem[]
  /** What is odd, but changes no test. */
  readonly warnings: SourceProblem[]
  readonly document: Document
}

/** A value in a YAML file; `node` is `undefined` where there is none. */
export interface Place {
  readonly source: YamlSource
  readonly node: unknown
  readonly offset: number
}

/** Reads what stands at a place; notes a problem and gives `undefined` where it is not what it should be. */
export type PlaceReader<T> = (place: Place) => T | undefined

/** Parses a YAML file. Scalars stay text: what they mean follows from where they stand, as in `Host: 1.10`. */
export function openYaml(file: string, text: string): Place {
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false, uniqueKeys: true })
  const source: YamlSource = { file, text, problems: [], warnings: [], document }
  const root = { source, node: document.contents, offset: 0 }
  for (const { pos, message } of document.errors) noteProblem({ ...root, offset: pos[0] }, `not YAML: ${message}`)
  return root
}

export function noteProblem(place: Place, message: string): undefined {
  place.source.problems.push(problemAt(place, message))
}

function problemAt({ source, offset }: Place, message: string): SourceProblem {
  const location = locationOf({ source, offset })
  const sourceLine = source.text.split('\n', location.line)[location.line - 1] ?? ''
  return { location, message, sourceLine: sourceLine.replace(/\r$/, '') }
}

/** Line and column count from 1. */
export function locationOf({ source, offset }: Pick<Place, 'source' | 'offset'>): Location {
  const before = source.text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { file: source.file, line: before.split('\n').length, column: offset - lineStart + 1 }
}

export const readText: PlaceReader<string> = (place) => {
  const { node } = place
  if (isScalar(node)) return String(node.value)
  return noteProblem(place, 'expected a text')
}

export const readInteger: PlaceReader<number> = (place) => {
  const text = readText(place)
  if (text === undefined) return undefined
  return /^\d{1,15}$/.test(text) ? Number(text) : noteProblem(place, `expected a number, found ${JSON.stringify(text)}`)
}

/** For what is there for people: any form will do. */
export const readAnything: PlaceReader<true> = () => true

const words = new Map([
  ...['true', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', 'no', 'off'].map((word) => [word, false] as const),
])

export const readBoolean: PlaceReader<boolean> = (place) => {
  const text = readText(place)
  if (text === undefined) return undefined
  return words.get(text.toLowerCase()) ?? noteProblem(place, `expected true or false, found ${JSON.stringify(text)}`)
}

export function readList<T>(read: PlaceReader<T>): PlaceReader<readonly T[]> {
  return (place) => {
    if (!isSeq(place.node)) return noteProblem(place, 'expected a list')
    return place.node.items.flatMap((item) => {
      const value = read(placeOf(item, place))
      return value === undefined ? [] : [value]
    })
  }
}

type Fields = Readonly<Record<string, PlaceReader<unknown>>>
type Values<F extends Fields> = { readonly [K in keyof F]?: Exclude<ReturnType<F[K]>, undefined> }

/**
 * A map with these keys; what is absent or null is absent in the result. Another key is a problem, or a warning where it
 * cannot change a test.
 */
export function readMap<const F extends Fields>(
  fields: F,
  others: 'problems' | 'warnings' = 'problems',
): PlaceReader<Values<F>> {
  return (place) => {
    const entries = readEntries(place)?.flatMap(({ key, at, value }) => {
      const read = Object.hasOwn(fields, key) ? fields[key] : undefined
      if (read === undefined) at.source[others].push(problemAt(at, `unknown field ${JSON.stringify(key)}`))
      if (read === undefined) return []
      return isAbsent(value) ? [] : [[key, read(value)] as const]
    })
    return entries === undefined ? undefined : (Object.fromEntries(entries) as Values<F>) // each value is its reader's
  }
}

/** A map whose keys are free. */
export const readTextMap: PlaceReader<ReadonlyMap<string, string>> = (place) => {
  const entries = readEntries(place)
  return entries && new Map(entries.map(({ key, value }) => [key, isAbsent(value) ? '' : (readText(value) ?? '')]))
}

interface Entry {
  readonly key: string
  readonly at: Place
  readonly value: Place
}

function readEntries(place: Place): readonly Entry[] | undefined {
  if (!isMap(place.node)) return noteProblem(place, 'expected fields')
  return place.node.items.map((pair) => {
    const at = placeOf(pair.key, place)
    const key = isScalar(at.node) ? String(at.node.value) : ''
    return { key, at, value: placeOf(pair.value, at) }
  })
}

/** A member of a place; one that is not there is where its holder is. */
function placeOf(member: unknown, { source, offset }: Place): Place {
  const at = isNode(member) ? (member.range?.[0] ?? offset) : offset
  const node = isAlias(member) ? member.resolve(source.document) : member
  return { source, node, offset: at }
}

function isAbsent({ node }: Place): boolean {
  if (node === null || node === undefined) return true
  return isScalar(node) && node.type === 'PLAIN' && /^(?:|~|null|Null|NULL)$/.test(String(node.value ?? ''))
}
