import { Cell, Entry } from '../entry.ts'
import type { Word } from '../seclang/ast.ts'
import type { VariableWord } from '../variables/variable.ts'
import { evaluateXpath } from '../xpath/evaluate-xpath.ts'
import { parseXpath } from '../xpath/parse-xpath.ts'
import { reject } from './rejection.ts'

/** URI by prefix, from the `xmlns` actions of a rule. */
export type Namespaces = ReadonlyMap<string, string>

/** What an XPath expression selects from XML, as a variable of its own. */
export function xpathTarget(base: VariableWord, expression: Word, namespaces: Namespaces): VariableWord {
  const parsed = parseXpath(expression.text, namespaces)
  if (parsed.kind === 'invalid') return reject(expression, parsed.message, parsed.offset)
  return {
    name: base.name,
    shape: 'collection',
    settled: base.settled,
    base,
    read(state) {
      const document = base.document?.(state)
      if (document === undefined) return []
      return evaluateXpath(parsed.steps, document).map(
        (value) => new Entry(base.name, expression.text, new Cell(value)),
      )
    },
  }
}
