import type { Divergence } from '../explain.ts'
import { mapLinks, mapTexts } from '../map-rules.ts'

/** MATCHED_VAR in a rule that continues no chain holds what an earlier rule has matched, or nothing. */
export function matchedVariableDivergence(entry: number): Divergence {
  const macro = /%\{MATCHED_VAR(?:_NAME|S|S_NAMES)?\}/gi
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link, { isHead }) => {
        if (!isHead) return link
        const targets = link.targets.map((target) =>
          target
            .replace(/MATCHED_VAR(?:S_NAMES|_NAME|S)?(?=:|$)/, 'REMOTE_PORT')
            .replace(/REMOTE_PORT:.*/, 'REMOTE_PORT'),
        )
        const argument = link.argument.replace(macro, 'x')
        const actions =
          link.targets.length === 0 ? link.actions.map((action) => action.replace(macro, 'x')) : link.actions
        const isSame =
          [...targets, argument, ...actions].join() === [...link.targets, link.argument, ...link.actions].join()
        return isSame ? link : { ...link, targets, argument, actions }
      })
      return changed && { rules: changed, exchange }
    },
  }
}

/** ENV: the environment of the process there. */
export function environmentDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapTexts(rules, (text, part) => {
        return part === 'target'
          ? text.replace(/^([!&]?)ENV(?=:|$).*/, '$1REMOTE_PORT')
          : text.replace(/%\{ENV[^}]*\}/g, 'x')
      })
      return changed && { rules: changed, exchange }
    },
  }
}
