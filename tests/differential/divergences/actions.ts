import type { Divergence } from '../explain.ts'
import { mapLinks } from '../map-rules.ts'
import type { Statement } from '../rule-model.ts'

/** `ctl:ruleEngine=Off` here and now, or from the next phase on: taken away by leaving the phase as well. */
export function engineOffDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link) => {
        if (!link.actions.some((action) => /^ctl:ruleEngine=Off$/i.test(action))) return link
        return { ...link, actions: [...link.actions.filter((action) => !/^skip/.test(action)), 'skipAfter:THE_END'] }
      })
      return changed && { rules: [...changed, { kind: 'directive', text: 'SecMarker THE_END' }], exchange }
    },
  }
}

/** A rule that says multiMatch and continues: there it is said to match before its chain is known. */
export function chainedMultiMatchDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      let isChanged = false
      const changed = rules.map((statement): Statement => {
        if (statement.kind !== 'rule' || statement.links.length < 2) return statement
        const links = statement.links.map((link) => ({
          ...link,
          actions: link.actions.filter((action) => !/^multiMatch$/i.test(action)),
        }))
        if (links.every((link, i) => link.actions.length === statement.links[i]?.actions.length)) return statement
        isChanged = true
        return { kind: 'rule', links }
      })
      return isChanged ? { rules: changed, exchange } : undefined
    },
  }
}

/** What would end the transaction in phase 5: there it ends the phase. */
export function lateDisruptionDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link, { isHead, phase }) => {
        if (!isHead || phase !== 5) return link
        const actions = link.actions.filter(
          (action) => !/^(?:deny|block|drop|redirect|allow|status)(?::|$)/.test(action),
        )
        return actions.length === link.actions.length ? link : { ...link, actions: [...actions, 'pass'] }
      })
      return changed && { rules: changed, exchange }
    },
  }
}

/** A rule that says nothing disruptive: SecDefaultAction's here, none there. */
export function inheritedActionDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link, { isHead }) => {
        const isSaid = link.actions.some((action) => /^(?:pass|deny|block|drop|allow|redirect)(?::|$)/.test(action))
        return isHead && !isSaid ? { ...link, actions: [...link.actions, 'block'] } : link
      })
      return changed && { rules: changed, exchange }
    },
  }
}

/** `ctl:requestBodyAccess=Off`: phase 2 without a body here, none there. */
export function noBodyAccessDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link) => {
        const actions = link.actions.filter((action) => !/^ctl:requestBodyAccess=Off$/i.test(action))
        return actions.length === link.actions.length ? link : { ...link, actions }
      })
      return changed && { rules: changed, exchange: { ...exchange, body: undefined } }
    },
  }
}
