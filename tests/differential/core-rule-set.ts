import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { ActionNode, Node, OperatorNode, TargetNode } from '../../src/waf/seclang/ast.ts'
import { parseSecLang } from '../../src/waf/seclang/parser.ts'
import type { LinkModel, Statement } from './rule-model.ts'
import { bodyRules } from './rule-words.ts'

const folder = join(import.meta.dirname, '../../../shared/crs')

/** The Core Rule Set as it is, at a paranoia level, blocking; in pieces, so that a divergence can be taken out of it. */
export function coreRuleSet(level: number): Statement[] {
  const rules = join(folder, 'rules')
  const files = readdirSync(rules).filter((name) => name.endsWith('.conf'))
  const paths = [join(folder, 'crs-setup.conf.example'), ...files.sort().map((name) => join(rules, name))]
  const settings = [
    'SecRuleEngine On',
    'SecRequestBodyAccess On',
    'SecResponseBodyAccess On',
    'SecResponseBodyMimeType text/html text/plain',
    ...bodyRules,
    `SecAction "id:800,phase:1,pass,t:none,nolog,setvar:tx.blocking_paranoia_level=${level}"`,
  ]
  const nodes = paths.flatMap((path) => parseSecLang(readFileSync(path, 'latin1'), path).nodes)
  return [...settings.map((text): Statement => ({ kind: 'setting', text })), ...toStatements(nodes)]
}

function toStatements(nodes: readonly Node[]): Statement[] {
  const statements: Statement[] = []
  let links: LinkModel[] = []
  for (const node of nodes) {
    if (node.kind === 'marker') statements.push({ kind: 'directive', text: `SecMarker "${node.label.text}"` })
    else if (node.kind === 'directive') {
      const words = node.arguments.map(({ text }) => `"${text}"`).join(' ')
      statements.push({ kind: 'directive', text: `${node.name.text} ${words}` })
    } else {
      links.push(toLink(node))
      if (node.actions.some(({ name }) => name.text === 'chain')) continue
      statements.push({ kind: 'rule', links })
      links = []
    }
  }
  return statements
}

function toLink(node: Extract<Node, { actions: unknown }>): LinkModel {
  const actions = node.actions.filter(({ name }) => name.text !== 'chain').map(printAction)
  if (node.kind === 'action') return { targets: [], operator: '', argument: '', actions }
  const { operator, targets } = node
  const isFile = /FromFile$/i.test(operator.name.text)
  const argument = isFile ? resolve(dirname(node.location.file), operator.argument.text) : operator.argument.text
  return { targets: targets.map(printTarget), operator: printOperator(operator), argument, actions }
}

function printOperator({ negated, name }: OperatorNode): string {
  return `${negated ? '!' : ''}@${name.text}`
}

function printTarget({ mode, variable, selector }: TargetNode): string {
  const sign = { include: '', count: '&', exclude: '!' }[mode]
  if (selector === undefined) return `${sign}${variable.text}`
  const text = selector.kind === 'name' ? selector.name.text : `/${selector.pattern.text}/`
  return `${sign}${variable.text}:${text}`
}

function printAction({ name, argument }: ActionNode): string {
  if (argument === undefined) return name.text
  if (!/^(?:msg|logdata|tag|ver|setvar)$/.test(name.text)) return `${name.text}:${argument.text}`
  return `${name.text}:'${argument.text.replaceAll("'", "\\'").replaceAll('"', '\\"')}'`
}
