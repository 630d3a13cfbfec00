import type { Divergence } from '../explain.ts'
import { mapLinks } from '../map-rules.ts'

/** `^` and `$` at line ends within the value: taken away with anchors that mean the value's ends in both dialects. */
export function lineAnchorDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link) => {
        if (!/rx(?:Global)?$/i.test(link.operator)) return link
        const argument = link.argument.replace(/\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\^|\$/gs, (piece) => {
          return piece === '^' ? '\\A' : piece === '$' ? '\\z' : piece
        })
        return argument === link.argument ? link : { ...link, argument }
      })
      return changed && { rules: changed, exchange }
    },
  }
}

/** Whether a digit is part of a word: taken away by a pattern that says so. */
export function wordDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link) => {
        if (!/@containsWord$/i.test(link.operator)) return link
        const word = link.argument.replace(
          /(?<!%\{[^}]*)[^A-Za-z0-9%](?!\{)/g,
          (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
        )
        return {
          ...link,
          operator: link.operator.replace('containsWord', 'rx'),
          argument: `(?<![A-Za-z0-9_])${word}(?![A-Za-z0-9_])`,
        }
      })
      return changed && { rules: changed, exchange }
    },
  }
}
