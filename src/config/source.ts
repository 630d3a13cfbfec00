import { LineCounter } from 'yaml'
import type { SourceProblem } from '../errors.ts'

/** Marks a value that could not be read; the problem is already noted. */
export const invalid: unique symbol = Symbol('invalid')
export type Invalid = typeof invalid

/** The text of a config file, with what has been found wrong with it so far. */
export interface ConfigSource {
  readonly file: string
  readonly text: string
  readonly lineCounter: LineCounter
  readonly problems: SourceProblem[]
  /** What may stand only once in the file (a host, an address …), with the line where it stood first. */
  readonly linesSeen: Map<string, number>
}

export function createSource(file: string, text: string): ConfigSource {
  return { file, text, lineCounter: new LineCounter(), problems: [], linesSeen: new Map() }
}

/** Notes a problem at an offset of the text. Lines and columns count from 1, columns in UTF-16 units. */
export function note(source: ConfigSource, offset: number, message: string): Invalid {
  const { line, col } = source.lineCounter.linePos(offset)
  // linePos gives line 0 for an offset in a text that has no lines
  const location = { file: source.file, line: Math.max(1, line), column: Math.max(1, col) }
  source.problems.push({ location, message, sourceLine: lineAt(source.text, offset) })
  return invalid
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  return text.slice(start, end === -1 ? undefined : end).replace(/\r$/, '')
}
