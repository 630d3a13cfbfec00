/** Where a piece of SecLang text stands. Lines and columns count from 1; columns count bytes. */
export interface Location {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One thing wrong with a rule file. Loading collects all of them before it fails. */
export interface Problem {
  readonly location: Location
  readonly message: string
  /** The source line, for the caret; without its newline. */
  readonly sourceLine: string
}
