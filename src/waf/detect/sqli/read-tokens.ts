import { readOpenString, readToken } from './read-token.ts'
import type { Reading, Token } from './token.ts'
import { phraseStarts, phraseTypes } from './words.ts'

/** The tokens of a value, one after the other; words that belong together (`union all`) are one. Each call reads one. */
export function readTokens(value: string, reading: Reading): () => Token | undefined {
  const { quote } = reading
  let ahead = quote === '' ? readToken(value, 0, reading) : readOpenString(value, quote, reading)
  const shift = (): Token | undefined => {
    const current = ahead
    ahead = current && readToken(value, current.end, reading)
    return current
  }
  return () => {
    let current = shift()
    while (current && current.text.length > 1 && phraseStarts.has(current.text)) {
      const word = behindComments(value, ahead, reading)
      const text = `${current.text} ${word?.text ?? ''}`
      const type = phraseTypes.get(text) ?? (phraseStarts.has(text) ? 'n' : undefined)
      if (!word || type === undefined) break
      current = { ...current, type, text, end: word.end }
      ahead = word
      shift()
    }
    return current
  }
}

/** Words of a phrase may have comments between them: a comment between `union` and `all`. A few are enough, and keep the work linear. */
function behindComments(value: string, from: Token | undefined, reading: Reading): Token | undefined {
  let token = from
  for (let skipped = 0; token?.type === 'c' && skipped < 4; skipped++) token = readToken(value, token.end, reading)
  return token
}
