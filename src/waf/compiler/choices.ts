import type { Word } from '../seclang/ast.ts'
import type { EngineMode, Settings } from './program.ts'
import { reject } from './rejection.ts'

export const switches: Readonly<Record<string, boolean>> = { on: true, off: false }
export const engineModes: Readonly<Record<string, EngineMode>> = { on: 'on', off: 'off', detectiononly: 'detect' }
export const auditModes: Readonly<Record<string, Settings['auditEngine']>> = {
  on: 'on',
  off: 'off',
  relevantonly: 'relevant',
}
export const xmlModes: Readonly<Record<string, Settings['xmlIntoArguments']>> = {
  on: 'also',
  off: 'no',
  onlyargs: 'only',
}
export const limitActions: Readonly<Record<string, Settings['requestBodyBeyond']>> = {
  reject: 'reject',
  processpartial: 'partial',
}

/** What a word stands for, compared without case; any other word is rejected with the list of those that exist. */
export function choose<T>(word: Word, choices: Readonly<Record<string, T>>): T {
  const lower = word.text.trim().toLowerCase()
  const chosen = Object.hasOwn(choices, lower) ? choices[lower] : undefined
  return (
    chosen ?? reject(word, `"${word.text}" is not supported here; it must be one of ${Object.keys(choices).join(', ')}`)
  )
}
