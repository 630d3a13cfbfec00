import type { Divergence } from '../explain.ts'
import { mapLinks } from '../map-rules.ts'

/** @detectSQLi and @detectXSS are acme-edge's own: taken away with them. */
export function detectorDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link) => {
        if (!/@detect(?:SQLi|XSS)$/i.test(link.operator)) return link
        return { ...link, operator: link.operator.replace(/@.*/, '@noMatch'), argument: 'x' }
      })
      return changed && { rules: changed, exchange }
    },
  }
}
