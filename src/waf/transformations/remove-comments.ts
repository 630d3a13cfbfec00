import type { TransformationWord } from './transformation.ts'

/**
 * Takes out C, HTML and SQL comments as ModSecurity does, oddities included: `--` and `#` cut the rest off, a comment
 * that never ends leaves a space, and the byte after a comment's end is copied unseen (a NUL at the end of the value).
 */
export const removeComments: TransformationWord = { name: 'removeComments', transform: remove }

function remove(value: string): string {
  const start = /\/\*|<!--|--|#/g
  const end = /\*\/|-->/g
  let result = ''
  let from = 0
  for (;;) {
    const opening = find(start, value, from)
    if (opening === undefined) return from === 0 ? value : result + value.slice(from)
    result += value.slice(from, opening.index)
    if (opening.text === '--' || opening.text === '#') return result
    const closing = find(end, value, opening.index + opening.text.length)
    if (closing === undefined) return `${result} `
    from = closing.index + closing.text.length
    result += value[from++] ?? '\0'
  }
}

function find(pattern: RegExp, value: string, from: number): { index: number; text: string } | undefined {
  pattern.lastIndex = from
  const match = pattern.exec(value)
  return match === null ? undefined : { index: match.index, text: match[0] }
}
