import type { SourceProblem } from '../errors.ts'
import { hideSecrets } from './hide-secrets.ts'

/** Marks a value that could not be read; the problem is already noted. */
export const invalid: unique symbol = Symbol('invalid')
export type Invalid = typeof invalid

/** The text of a config file, with what has been found wrong with it so far. */
export interface ConfigSource {
  readonly file: string
  readonly text: string
  /** The same text with its secrets hidden: lines of the config are printed and logged. */
  readonly shownText: string
  /** Offsets at which lines begin, rising. */
  readonly lineStarts: readonly number[]
  readonly problems: SourceProblem[]
  /** What may stand only once in the file (a host, an address …), with the line where it stood first. */
  readonly linesSeen: Map<string, number>
}

export function createSource(file: string, text: string): ConfigSource {
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]
  return { file, text, shownText: hideSecrets(text), lineStarts, problems: [], linesSeen: new Map() }
}

/** Notes a problem at an offset of the text. Lines and columns count from 1, columns in UTF-16 units. */
export function note(source: ConfigSource, offset: number, message: string): Invalid {
  const line = lineOf(source, offset)
  const start = source.lineStarts[line - 1] ?? 0
  const next = source.lineStarts[line]
  const sourceLine = source.shownText.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, '')
  source.problems.push({ location: { file: source.file, line, column: offset - start + 1 }, message, sourceLine })
  return invalid
}

/** The line, counted from 1, that an offset lies in. */
export function lineOf({ lineStarts }: ConfigSource, offset: number): number {
  let [low, high] = [0, lineStarts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((lineStarts[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return low + 1
}
