/**
 * What a token can be in SQL, one letter each, so that the letters of a value make up its fingerprint:
 * `E` a statement begins, `T` a statement of procedural SQL, `U` set operation, `B` clause after the condition, `k` other
 * keyword, `A` collation, `t` type, `f` function, `n` name, `v` variable or constant, `1` number, `s` string, `o` operator,
 * `&` logical operator, `c` comment, `X` a comment that some database runs as code; the rest are themselves.
 */
export type TokenType =
  | ('E' | 'T' | 'U' | 'B' | 'k' | 'A' | 't' | 'f' | 'n' | 'v' | '1' | 's' | 'o' | '&' | 'c' | 'X')
  | ('(' | ')' | ',' | ';' | '.' | ':' | '{' | '}' | '\\' | '?')

export interface Token {
  readonly type: TokenType
  /** Offset of its first byte; that of the byte after it is `end`. */
  readonly start: number
  readonly end: number
  /** A word of SQL in lower case, `name` for any other, an operator, the opening of a comment. Empty for literals. */
  readonly text: string
  /** A string: both of its quotes are in the value. */
  readonly isWhole: boolean
}

/** How one value can be read as SQL, since databases differ. */
export interface Reading {
  /** The value stands inside a string of this quote in the query; `''` where it stands in the query itself. */
  readonly quote: '' | "'" | '"'
  /** MySQL: `#` begins a comment, `--` does so only before a blank. */
  readonly dialect: 'standard' | 'mysql'
  /** A backslash takes the meaning from the quote after it; not so in standard SQL. */
  readonly escapes: boolean
}
