import type { CompiledOperator } from '../operators/operator.ts'
import type { SelectorNode, TargetNode, Word } from '../seclang/ast.ts'
import { TextMemory } from '../text-memory.ts'
import { findVariable } from '../variables/index.ts'
import type { VariableWord } from '../variables/variable.ts'
import { compilePattern } from './pattern.ts'
import type { Exclusion, Selector, Target } from './program.ts'
import { reasonAgainst } from './refused-words.ts'
import { reject } from './rejection.ts'
import { type Namespaces, xpathTarget } from './xpath-target.ts'

/** A target list with its words looked up; the text identifies equal lists. */
export interface TargetList {
  readonly targets: readonly Target[]
  readonly exclusions: readonly Exclusion[]
  readonly key: string
}

const noNamespaces: Namespaces = new Map()

/** Looks up every variable and compiles every selector; rejects the first that does not exist. */
export function compileTargets(nodes: readonly TargetNode[], namespaces = noNamespaces): TargetList {
  const targets: Target[] = []
  const exclusions: Exclusion[] = []
  for (const node of nodes) {
    const word = node.mode === 'exclude' ? undefined : findXpath(node, namespaces)
    if (word !== undefined && node.mode !== 'exclude') {
      targets.push({ word, selector: compileSelector(node.selector), mode: node.mode })
      continue
    }
    const member = { word: findWord(node.variable, node.selector), selector: compileSelector(node.selector) }
    if (node.mode !== 'exclude' && node.selector === undefined) requireNoSelector(member.word, node.variable)
    if (node.mode === 'exclude') exclusions.push(member)
    else targets.push({ ...member, mode: node.mode })
  }
  const prefixes = namespaces.size === 0 ? '' : ` ${JSON.stringify([...namespaces])}`
  return { targets, exclusions, key: nodes.map(nodeKey).join('|') + prefixes }
}

/** The variable that an XPath expression makes, or `undefined` where the target is something else. */
function findXpath({ variable, selector }: TargetNode, namespaces: Namespaces): VariableWord | undefined {
  const base = findVariable(variable.text)
  if (base?.document === undefined || selector?.kind !== 'name') return undefined
  if (base.selectors?.includes(selector.name.text)) return undefined
  return xpathTarget(base, selector.name, namespaces)
}

/** `ARGS`, `ARGS:name`, `ARGS:/pattern/` as ctl:ruleRemoveTargetBy… writes it. */
export function compileExclusion(text: Word): Exclusion {
  const colon = text.text.indexOf(':')
  const variable = colon < 0 ? text : { ...text, text: text.text.slice(0, colon) }
  const selector = colon < 0 ? undefined : parseSelector(text, colon + 1)
  return { word: findWord(variable, selector), selector: compileSelector(selector) }
}

function parseSelector(text: Word, offset: number): SelectorNode {
  const bare = text.text.slice(offset).replace(/^'(.*)'$/s, '$1')
  const location = { ...text.location, column: text.location.column + offset }
  if (bare === '') reject(text, 'a selector is missing after ":"', offset)
  const pattern = /^\/(.+)\/$/s.exec(bare)?.[1]
  if (pattern === undefined) return { kind: 'name', name: { text: bare, location } }
  return { kind: 'regex', pattern: { text: pattern, location } }
}

function findWord(variable: Word, selector: SelectorNode | undefined): VariableWord {
  const word =
    findVariable(variable.text) ??
    reject(variable, `unknown variable "${variable.text}"${reasonAgainst('Variables', variable.text)}`)
  if (word.shape === 'scalar' && selector !== undefined) reject(variable, `${word.name} takes no selector`)
  if (selector !== undefined) checkSelector(word, selector)
  return word
}

function checkSelector({ name, selectors }: VariableWord, selector: SelectorNode): void {
  if (selectors === undefined) return
  const given = selector.kind === 'name' ? selector.name : selector.pattern
  if (selector.kind === 'name' && selectors.includes(given.text)) return
  reject(given, `of ${name} only ${selectors.join(' and ')} can be left out`)
}

function requireNoSelector({ name, selectors }: VariableWord, variable: Word): void {
  if (selectors !== undefined) reject(variable, `${name} needs a selector: ${selectors.join(' or ')}`)
}

function compileSelector(node: SelectorNode | undefined): Selector | undefined {
  if (node === undefined) return undefined
  if (node.kind === 'name') return { kind: 'name', name: node.name.text, lowerName: node.name.text.toLowerCase() }
  return { kind: 'regex', pattern: remembering(compilePattern(node.pattern, { ignoreCase: true })) }
}

/** Names of members are few, and the same in most transactions. */
function remembering(pattern: CompiledOperator): CompiledOperator {
  const answers = new TextMemory<boolean>({ most: 1024, longest: 128 })
  return {
    ...pattern,
    test(name) {
      const known = answers.get(name)
      if (known !== undefined) return known
      const answer = pattern.test(name)
      answers.keep(name, answer)
      return answer
    },
  }
}

function nodeKey({ mode, variable, selector }: TargetNode): string {
  const part =
    selector === undefined ? '' : selector.kind === 'name' ? `:${selector.name.text}` : `:/${selector.pattern.text}/`
  return `${mode} ${variable.text.toUpperCase()}${part}`
}
