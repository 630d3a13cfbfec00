import type { Divergence } from '../explain.ts'
import { mapLinks } from '../map-rules.ts'
import type { Statement } from '../rule-model.ts'
import { isLarge } from '../shrink.ts'
import { traceLink } from '../trace.ts'

/** Numbers beyond 32 bits: exact here, 0 there. Taken away with the comparison that meets one. */
export function largeNumberDivergence(entry: number): Divergence {
  return {
    entry,
    async without(one) {
      if (isLarge(one)) return undefined
      let rules: readonly Statement[] = one.rules
      for (const [position, statement] of one.rules.entries()) {
        if (statement.kind !== 'rule') continue
        const [head] = statement.links
        if (!statement.links.some(({ operator }) => isNumeric(operator)) || head === undefined) continue
        const values = await traceLink(one, head)
        if (!values.some((value) => /^\s*[+-]?[0-9]{10,}/.test(value))) continue
        const [without] =
          mapLinks([statement], (link) =>
            isNumeric(link.operator) ? { ...link, operator: '@noMatch', argument: 'x' } : link,
          ) ?? []
        if (without !== undefined) rules = rules.with(position, without)
      }
      return rules === one.rules ? undefined : { ...one, rules }
    },
  }
}

function isNumeric(operator: string): boolean {
  return /@(?:eq|ge|gt|le|lt)$/.test(operator)
}
