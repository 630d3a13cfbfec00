import { isUtf8 } from 'node:buffer'
import { findTransformation } from '../../../src/waf/transformations/index.ts'
import type { Case } from '../case.ts'
import type { Divergence } from '../explain.ts'
import { mapLinks } from '../map-rules.ts'
import type { LinkModel, Statement } from '../rule-model.ts'
import { isLarge } from '../shrink.ts'
import { traceLink } from '../trace.ts'

/** By transformation, in lower case: inputs that it is not made for, which the versions of ModSecurity read differently. */
const malformed: Readonly<Record<string, (value: string) => boolean>> = {
  hexdecode: (value) => !/^(?:[0-9a-f]{2})*$/i.test(value),
  base64decode: (value) => !isBase64(value),
  base64decodeext: (value) => value.includes('=') && !isBase64(value),
  urldecodeuni: (value) => /%u(?!00|ff)[0-9a-f]{4}/i.test(value),
  htmlentitydecode: (value) => /&(?:quot|amp|lt|gt|nbsp)[a-z0-9]/i.test(value),
  compresswhitespace: (value) => value.includes('\xa0'),
  normalizepath: hasOddSegment,
  normalisepath: hasOddSegment,
  normalizepathwin: (value) => hasOddSegment(value) || /[/\\]\.?[/\\]/.test(value),
  utf8tounicode: (value) => !isUtf8(Buffer.from(value, 'latin1')),
}

/** Malformed input of a transformation: taken away with the transformation. */
export function transformationDivergence(entry: number): Divergence {
  return {
    entry,
    async without(one) {
      const odd = new Set<string>()
      for (const [position, statement] of one.rules.entries()) {
        if (statement.kind !== 'rule') continue
        for (const [place, link] of statement.links.entries()) {
          for (const name of await oddTransformations(one, { position, place, link })) odd.add(name)
        }
      }
      if (odd.size === 0) return undefined
      const isOdd = (action: string): boolean => odd.has(nameOf(action))
      const rules = mapLinks(one.rules, (link) => {
        return link.actions.some(isOdd) ? { ...link, actions: link.actions.filter((action) => !isOdd(action)) } : link
      })
      const defaults = (rules ?? one.rules).map((statement): Statement => {
        if (statement.kind === 'rule' || !statement.text.startsWith('SecDefaultAction')) return statement
        return { ...statement, text: statement.text.replace(/,(t:\w+)/g, (all, action) => (isOdd(action) ? '' : all)) }
      })
      return { ...one, rules: defaults }
    },
  }
}

interface Place {
  readonly position: number
  readonly place: number
  readonly link: LinkModel
}

/** Of the link's transformations, those that meet malformed input. */
async function oddTransformations(one: Case, { position, place, link }: Place): Promise<string[]> {
  const names = [...inheritedNames(one.rules, { position, place, link }), ...link.actions.map(nameOf)].filter(
    (name) => name !== '',
  )
  if (!names.some((name) => name in malformed)) return []
  const found: string[] = []
  for (const raw of await rawValues(one, { position, place, link })) {
    let value = raw
    for (const name of names) {
      if (malformed[name]?.(value) === true) found.push(name)
      value = name === 'none' ? raw : (findTransformation(name)?.transform(value) ?? value)
    }
  }
  return found
}

/** Those of the SecDefaultAction for the phase, which the first rule of a chain has as well. */
function inheritedNames(rules: readonly Statement[], { place, link }: Place): string[] {
  const phase = link.actions.find((action) => action.startsWith('phase:'))
  return rules.flatMap((statement) => {
    if (place > 0 || phase === undefined || statement.kind === 'rule') return []
    if (!statement.text.startsWith(`SecDefaultAction "${phase},`)) return []
    return [...statement.text.matchAll(/t:\w+/g)].map(([action]) => nameOf(action))
  })
}

/** What acme-edge's engine looks at in this link, before it is transformed. */
async function rawValues(one: Case, { position, place, link }: Place): Promise<string[]> {
  const statement = one.rules[position]
  const [head] = statement?.kind === 'rule' ? statement.links : []
  if (statement?.kind !== 'rule' || head === undefined) return []
  const bare = {
    ...link,
    operator: '@unconditionalMatch',
    argument: '',
    actions: [...link.actions.filter((action) => nameOf(action) === ''), 't:none'],
  }
  if (!isLarge(one)) {
    const rules = one.rules.with(position, { kind: 'rule', links: statement.links.with(place, bare) })
    return traceLink({ ...one, rules }, head)
  }
  // Of a large rule set the rule alone: with the others it would take a second for each.
  const settings = one.rules.filter(({ kind }) => kind === 'setting')
  const alone = { ...bare, actions: head.actions.filter((action) => /^(?:id|phase):/.test(action)) }
  return traceLink({ ...one, rules: [...settings, { kind: 'rule', links: [alone] }] }, alone)
}

/** `urldecode` of `t:urlDecode`; empty for other actions. */
function nameOf(action: string): string {
  return action.startsWith('t:') ? action.slice(2).toLowerCase() : ''
}

function isBase64(value: string): boolean {
  return /^(?:[a-z0-9+/]{4})*(?:[a-z0-9+/]{2}==|[a-z0-9+/]{3}=)?$/i.test(value)
}

/** A name that ends in `..` without being it. */
function hasOddSegment(value: string): boolean {
  return /[^/\\]\.\.(?:[/\\]|$)/.test(value)
}
