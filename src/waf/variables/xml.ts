import type { XmlContent } from '../bodies/body-parser.ts'
import { Cell, Entry } from '../entry.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { Settled, VariableWord } from './variable.ts'

/**
 * The text of an XML body as a whole, then each element's own, so that nothing can hide behind the text of the element
 * before it, and the attributes.
 */
export function xmlVariable(
  name: string,
  settled: Settled,
  contentOf: (state: TransactionState) => XmlContent | undefined,
): VariableWord {
  const member = (selector: string) => (value: string) => new Entry(name, selector, new Cell(value))
  return {
    name,
    shape: 'collection',
    settled,
    selectors: ['/*', '//@*'],
    document: (state) => contentOf(state)?.document,
    read(state) {
      const content = contentOf(state)
      if (content === undefined) return []
      const { text, texts, attributes } = content
      const shown = texts.length === 1 && texts[0] === text ? texts : [text, ...texts]
      return [...shown.map(member('/*')), ...attributes.map(member('//@*'))]
    },
  }
}
