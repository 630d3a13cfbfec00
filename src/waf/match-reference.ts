import { chainOf } from './entry.ts'
import { placesOf } from './request-places.ts'
import { lastStep } from './trace.ts'
import type { Evidence, TransactionState } from './transaction-state.ts'

/** A log line has no room for more. */
const LONGEST = 1000

/**
 * What a rule and its chain matched on, in ModSecurity 3's form: for each value that matched `o<offset>,<length>` for what
 * the operator found in it, `v<offset>,<length>` for where it stands in the request (written with line feeds alone), and
 * the transformations. Worked out only when a match is recorded.
 */
export function referenceOf(state: TransactionState): string {
  let text = ''
  for (const evidence of state.evidences) {
    text += referenceTo(evidence, state)
    if (text.length > LONGEST) break
  }
  return text
}

function referenceTo({ operator, compiled, entry, value, link, spans }: Evidence, state: TransactionState): string {
  const found = operator.negated ? [] : (spans ?? compiled.locate?.(value) ?? [])
  return [
    ...found.map(({ offset, length }) => `o${offset},${length}`),
    ...placesOf(entry, state).map(({ offset, length }) => `v${offset},${length}`),
    chainOf(lastStep(link, entry, value))
      .map(({ name }) => `t:${name}`)
      .join(','),
  ].join('')
}
