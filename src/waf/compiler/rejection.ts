import type { Word } from '../seclang/ast.ts'
import type { Location, Problem } from '../seclang/location.ts'
import { problemAt, type SourceText } from '../seclang/source-text.ts'

/** Thrown to give up one action, target or directive; the compiler notes it as a problem and goes on with the next. */
export class Rejection extends Error {
  readonly location: Location

  constructor(location: Location, message: string) {
    super(message)
    this.name = 'Rejection'
    this.location = location
  }
}

/** Gives up with a place inside a word; `offset` counts bytes from its beginning. */
export function reject(word: Word, message: string, offset = 0): never {
  throw new Rejection({ ...word.location, column: word.location.column + offset }, message)
}

/** Problems of all files, in the order in which they were found. */
export class ProblemList {
  readonly #problems: Problem[] = []
  readonly #sources: ReadonlyMap<string, SourceText>

  /** @param sources by file, for the line that the caret stands under */
  constructor(sources: ReadonlyMap<string, SourceText>) {
    this.#sources = sources
  }

  get all(): readonly Problem[] {
    return this.#problems
  }

  add(location: Location, message: string): void {
    this.#problems.push(this.describe(location, message))
  }

  /** A problem with its source line, not added to the list. */
  describe(location: Location, message: string): Problem {
    return problemAt(this.#sources.get(location.file) ?? { file: location.file, lines: [] }, location, message)
  }

  /** Runs a step; what it rejects becomes a problem and the result `undefined`. Other errors are defects and pass. */
  attempt<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      if (!(error instanceof Rejection)) throw error
      this.add(error.location, error.message)
      return undefined
    }
  }
}
