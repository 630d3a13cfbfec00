import type { Divergence } from '../explain.ts'
import { mapLinks } from '../map-rules.ts'
import type { Statement } from '../rule-model.ts'
import { selectors } from '../rule-words.ts'

/** `skip` beyond the last rule of its phase: taken away by rules for it to skip. */
export function skipDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const phases = rules.flatMap((statement) => {
        const actions = statement.kind === 'rule' ? (statement.links[0]?.actions ?? []) : []
        const phase = actions.find((action) => action.startsWith('phase:'))
        return phase !== undefined && actions.some((action) => action.startsWith('skip:')) ? [phase] : []
      })
      if (phases.length === 0) return undefined
      const fillers = phases.flatMap((phase, i) =>
        [0, 1].map(
          (j): Statement => ({ kind: 'directive', text: `SecAction "id:${800 + 2 * i + j},${phase},pass,nolog"` }),
        ),
      )
      return { rules: [...rules, ...fillers], exchange }
    },
  }
}

/** `!ARGS:/pattern/` beside `ARGS:name`: the pattern counts for nothing there. Taken away by the names that it stands for. */
export function patternExclusionDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = mapLinks(rules, (link) => {
        const targets = link.targets.flatMap((target) => {
          const [, collection, pattern] = /^!(\w+):\/(.*)\/$/.exec(target) ?? []
          if (collection === undefined || pattern === undefined) return [target]
          const named = link.targets.flatMap((other) => {
            const [, name] = new RegExp(`^&?${collection}:([^/].*)$`, 'i').exec(other) ?? []
            return name !== undefined && new RegExp(pattern, 'i').test(name) ? [`!${collection}:${name}`] : []
          })
          return [target, ...named]
        })
        return targets.length === link.targets.length ? link : { ...link, targets }
      })
      const updated = (changed ?? rules).map((statement): Statement => {
        if (statement.kind === 'rule' || !statement.text.startsWith('SecRuleUpdateTarget')) return statement
        return { ...statement, text: statement.text.replace(/"!(\w+):\/\^a\/"/, '"!$1:a|!$1:ab|!$1:a.b"') }
      })
      const isChanged = updated.some(
        (statement, i) => statement !== rules[i] && JSON.stringify(statement) !== JSON.stringify(rules[i]),
      )
      return isChanged ? { rules: updated, exchange } : undefined
    },
  }
}

/** A target that SecRuleUpdateTarget… leaves out: with all that it stands for here, and in any case. */
export function updatedTargetDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = rules.map((statement): Statement => {
        if (statement.kind === 'rule' || !/^SecRuleUpdateTarget/.test(statement.text)) return statement
        const text = statement.text
          .replace(
            /"!(\w+):(\w+)"/,
            (_, word, name) => `"!${word}:${name.toLowerCase()}|!${word}:${name.toUpperCase()}"`,
          )
          .replace(
            /"!(\w+)"/,
            (_, word) => `"${[word, ...selectors.map((name) => `${word}:${name}`)].map((one) => `!${one}`).join('|')}"`,
          )
        return text === statement.text ? statement : { ...statement, text }
      })
      return changed.some((statement, i) => statement !== rules[i]) ? { rules: changed, exchange } : undefined
    },
  }
}

/** SecRuleUpdateActionById with transformations: they replace the rule's own here, and are added there. */
export function updatedTransformationsDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const changed = rules.map((statement): Statement => {
        if (statement.kind === 'rule' || !statement.text.startsWith('SecRuleUpdateActionById')) return statement
        return { ...statement, text: statement.text.replace(/,t:\w+/g, '') }
      })
      const isChanged = changed.some((statement, i) => JSON.stringify(statement) !== JSON.stringify(rules[i]))
      return isChanged ? { rules: changed, exchange } : undefined
    },
  }
}

/** What SecRuleUpdateTarget… takes out of a chain: out of all its rules here, out of the first one there. */
export function chainedExclusionDivergence(entry: number): Divergence {
  return {
    entry,
    without({ rules, exchange }) {
      const updates = rules.flatMap((statement) => {
        const text = statement.kind === 'rule' ? '' : statement.text
        const [, by, value, excluded] = /^SecRuleUpdateTargetBy(Id|Tag|Msg) (\S+) "(!.*)"$/.exec(text) ?? []
        if (by === undefined || excluded === undefined) return []
        return [
          { action: by === 'Id' ? `id:${value}` : `${by.toLowerCase()}:'${value}'`, targets: excluded.split('|') },
        ]
      })
      const changed = rules.map((statement): Statement => {
        const head = statement.kind === 'rule' ? statement.links[0] : undefined
        const targets = updates
          .filter(({ action }) => head?.actions.includes(action))
          .flatMap((update) => update.targets)
        if (statement.kind !== 'rule' || statement.links.length < 2 || targets.length === 0) return statement
        const links = statement.links.map((link, i) =>
          i === 0 ? link : { ...link, targets: [...link.targets, ...targets] },
        )
        return { kind: 'rule', links }
      })
      return changed.some((statement, i) => statement !== rules[i]) ? { rules: changed, exchange } : undefined
    },
  }
}
