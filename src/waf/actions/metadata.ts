import { reject } from '../compiler/rejection.ts'
import type { Word } from '../seclang/ast.ts'
import type { ActionDraft, ActionWord } from './action.ts'
import { macroArgument } from './macro-argument.ts'

const phaseNames: Readonly<Record<string, number>> = { request: 2, response: 4, logging: 5 }
const severities = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug']

export const id = word('id', 'identity', (draft, argument) => {
  draft.id = wholeNumber(argument, { name: 'id', least: 1, most: Number.MAX_SAFE_INTEGER })
})

export const phase = word('phase', 'identity', (draft, argument) => {
  const named = phaseNames[argument.text.toLowerCase()]
  draft.phase = named ?? wholeNumber(argument, { name: 'phase', least: 1, most: 5 })
})

export const msg = word('msg', 'metadata', (draft, argument) => {
  draft.message = macroArgument(argument)
})

export const logdata = word('logdata', 'metadata', (draft, argument) => {
  draft.logData = macroArgument(argument)
})

export const tag = word('tag', 'metadata', (draft, argument) => {
  draft.tags.push(macroArgument(argument))
})

export const severity = word('severity', 'metadata', (draft, argument) => {
  const named = severities.indexOf(argument.text.toLowerCase())
  draft.severity = named >= 0 ? named : wholeNumber(argument, { name: 'severity', least: 0, most: 7 })
})

export const ver = word('ver', 'metadata', (draft, argument) => {
  draft.version = argument.text
})

export const rev = word('rev', 'metadata', (draft, argument) => {
  draft.revision = argument.text
})

export const maturity = word('maturity', 'metadata', (draft, argument) => {
  draft.maturity = wholeNumber(argument, { name: 'maturity', least: 0, most: 9 })
})

export const accuracy = word('accuracy', 'metadata', (draft, argument) => {
  draft.accuracy = wholeNumber(argument, { name: 'accuracy', least: 0, most: 9 })
})

/** A decimal number within bounds, or a rejection that names them. */
export function wholeNumber(argument: Word, bounds: { name: string; least: number; most: number }): number {
  const value = /^(?:0|[1-9]\d{0,15})$/.test(argument.text) ? Number(argument.text) : Number.NaN
  if (value >= bounds.least && value <= bounds.most) return value
  const range = bounds.most < 1000 ? ` from ${bounds.least} to ${bounds.most}` : ''
  return reject(argument, `${bounds.name} must be a whole number${range}, not "${argument.text}"`)
}

function word(
  name: string,
  group: ActionWord['group'],
  apply: (draft: ActionDraft, argument: Word) => void,
): ActionWord {
  return { name, argument: 'required', group, apply }
}
