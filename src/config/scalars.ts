import { isScalar } from 'yaml'
import { nearest } from './nearest.ts'
import { found, type Reader } from './reader.ts'
import { invalid, note } from './source.ts'

/** What a text was parsed to, or why it cannot be: the message is shown at the text's place. */
export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'wrong'; readonly message: string }

export const value = <T>(parsed: T): Parsed<T> => ({ kind: 'value', value: parsed })
export const wrong = <T>(message: string): Parsed<T> => ({ kind: 'wrong', message })

/** A text that a function understands. Numbers and the like are not taken for text: `expects` says what to write. */
export function textOf<T>(expects: string, parse: (text: string) => Parsed<T>): Reader<T> {
  return scalar((raw, node) => {
    if (typeof raw !== 'string') return wrong(`expected ${expects}, found ${found(node)}`)
    return parse(raw)
  })
}

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly W[]): Reader<W> {
  return textOf(`one of: ${words.join(', ')}`, (text) => {
    const word = words.find((candidate) => candidate === text)
    if (word !== undefined) return value(word)
    const close = nearest(text, words)
    const hint = close === undefined ? '' : `; did you mean "${close}"?`
    return wrong(`expected one of: ${words.join(', ')}, found ${JSON.stringify(text.slice(0, 100))}${hint}`)
  })
}

export const booleanReader: Reader<boolean> = scalar((raw, node) =>
  typeof raw === 'boolean' ? value(raw) : wrong(`expected true or false, found ${found(node)}`),
)

/** A whole number within bounds, both included. */
export function integer(min: number, max: number): Reader<number> {
  return scalar((raw, node) =>
    typeof raw === 'number' && Number.isInteger(raw) && raw >= min && raw <= max
      ? value(raw)
      : wrong(`expected a whole number from ${min} to ${max}, found ${found(node)}`),
  )
}

/** A leaf of the config: reads a scalar node with `parse` and notes what is wrong with it. */
export function scalar<T>(parse: (raw: unknown, node: unknown) => Parsed<T>): Reader<T> {
  return {
    keys: (prefix) => [prefix],
    read({ node, offset }, source) {
      const parsed = parse(isScalar(node) ? node.value : undefined, node)
      if (parsed.kind === 'wrong') {
        note(source, offset, parsed.message)
        return invalid
      }
      return parsed.value
    },
  }
}
