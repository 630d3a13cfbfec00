import type { Random } from './random.ts'
import type { LinkModel, Statement } from './rule-model.ts'
import { atoms, bodyRules, collections, macroTexts, scalars, selectors, transformationWords } from './rule-words.ts'
import { value } from './vocabulary.ts'

/** Rules that both engines are meant to know, in any combination. */
export function randomRules(random: Random): Statement[] {
  const count = random.integer(1, 6)
  const rules = Array.from({ length: count }, (_, i) => [
    randomRule(random, { id: i + 1, count }),
    directive(`SecMarker M${i + 1}`),
  ]).flat()
  return [...preamble(random), ...rules, ...afterwards(random, count)]
}

function directive(text: string): Statement {
  return { kind: 'directive', text }
}

function preamble(random: Random): Statement[] {
  const settings = [
    `SecRuleEngine ${random.chance(0.9) ? 'On' : 'DetectionOnly'}`,
    'SecRequestBodyAccess On',
    'SecResponseBodyAccess On',
    'SecResponseBodyMimeType text/html text/plain',
    ...(random.chance(0.03) ? ['SecArgumentSeparator ;'] : []),
    ...(random.chance(0.02) ? ['SecRequestBodyJsonDepthLimit 2'] : []),
    ...(random.chance(0.02) ? ['SecArgumentsLimit 3'] : []),
  ]
  const lines = [1, 2, 3, 4].flatMap((phase) => (random.chance(0.15) ? [defaultAction(random, phase)] : []))
  // Without them the engines differ in what a body is, and every body would tell of nothing else.
  const kind = random.chance(0.97) ? 'setting' : 'directive'
  return [
    ...settings.map((text) => ({ kind: 'setting', text }) as const),
    ...lines.map(directive),
    ...bodyRules.map((text) => ({ kind, text }) as Statement),
  ]
}

function defaultAction(random: Random, phase: number): string {
  const transformations = random.list(0, 2, () => `,t:${random.pick(transformationWords.slice(1))}`).join('')
  return `SecDefaultAction "phase:${phase},${random.pick(['pass', 'deny', 'deny,status:406'])},log${transformations}"`
}

interface Place {
  readonly id: number
  /** Of all rules; ids are 1 to this. */
  readonly count: number
}

function randomRule(random: Random, { id, count }: Place): Statement {
  const phase = random.pick([1, 1, 2, 2, 2, 2, 3, 4, 5])
  const links = [random.chance(0.06) ? unconditional(random) : randomLink(random, phase)]
  while (links[0]?.targets.length !== 0 && random.chance(0.2) && links.length < 4) links.push(randomLink(random, phase))
  const [head, ...rest] = links
  if (head === undefined) throw new Error('a chain has at least one rule')
  const actions = [`id:${id}`, `phase:${phase}`, ...disruptive(random, { id, count }), 'log', ...extras(random, id)]
  return { kind: 'rule', links: [{ ...head, actions: [...actions, ...head.actions] }, ...rest] }
}

function disruptive(random: Random, { id, count }: Place): string[] {
  const kind = random.next()
  if (kind < 0.6) return ['pass']
  if (kind < 0.7) return ['deny', ...(random.chance(0.5) ? ['status:409'] : [])]
  if (kind < 0.78) return ['block']
  if (kind < 0.82) return ['drop']
  if (kind < 0.86) return ["redirect:'http://127.0.0.1/%{TX.a}'"]
  if (kind < 0.9) return [random.pick(['allow', 'allow:phase', 'allow:request'])]
  if (kind < 0.94) return ['pass', `skip:${random.integer(1, 2)}`]
  if (kind < 0.98) return ['pass', `skipAfter:M${random.integer(id, count)}`]
  return []
}

function extras(random: Random, id: number): string[] {
  const found: string[] = []
  found.push(`tag:'t${random.integer(1, 3)}'`, `msg:'m${random.integer(1, 3)}'`)
  if (random.chance(0.3)) found.push(`severity:${random.pick(['CRITICAL', '2', '5', 'NOTICE'])}`)
  if (random.chance(0.5)) found.push(`logdata:'${macros(random)}'`)
  if (random.chance(0.15)) found.push(`ctl:${control(random, id)}`)
  return found
}

function macros(random: Random): string {
  return random.list(1, 2, () => random.pick(macroTexts)).join('-')
}

function control(random: Random, id: number): string {
  const other = random.integer(1, 6)
  const variable = random.pick([
    'ARGS',
    'ARGS:a',
    'ARGS_NAMES',
    'REQUEST_HEADERS',
    'REQUEST_COOKIES:a',
    'TX:a',
    'QUERY_STRING',
  ])
  return random.pick([
    `ruleRemoveById=${other}`,
    `ruleRemoveById=${Math.min(id, other)}-${Math.max(id, other)}`,
    `ruleRemoveByTag=t${random.integer(1, 3)}`,
    `ruleRemoveTargetById=${other};${variable}`,
    `ruleRemoveTargetByTag=t${random.integer(1, 3)};${variable}`,
    ...(random.chance(0.2) ? ['ruleEngine=Off'] : []),
    'ruleEngine=DetectionOnly',
    'requestBodyAccess=Off',
    'forceRequestBodyVariable=On',
    'requestBodyProcessor=URLENCODED',
    'auditEngine=Off',
    'auditLogParts=+E',
  ])
}

function randomLink(random: Random, phase: number): LinkModel {
  const actions = randomActions(random)
  const targets = randomTargets(random, phase)
  const { operator, argument } = randomOperator(random)
  return { targets, operator: `${random.chance(0.12) ? '!' : ''}@${operator}`, argument, actions }
}

/** SecAction, which is of use alone only. */
function unconditional(random: Random): LinkModel {
  return { targets: [], operator: '', argument: '', actions: randomActions(random) }
}

function randomActions(random: Random): string[] {
  const actions: string[] = []
  if (random.chance(0.3)) actions.push('capture')
  if (random.chance(0.1)) actions.push('multiMatch')
  if (random.chance(0.1)) actions.push('t:none')
  if (random.chance(0.5)) actions.push(...random.list(1, 4, () => `t:${random.pick(transformationWords)}`))
  while (random.chance(0.25)) actions.push(`setvar:'${assignment(random)}'`)
  return actions
}

function assignment(random: Random): string {
  const plain = random.pick(['a', 'B', 'ab', '1'])
  const name = random.chance(0.7) ? plain : random.pick(['c_%{MATCHED_VAR_NAME}', 'n%{TX.a}'])
  const text = value(random).replace(/[\0-\x1f\x7f',"\\%{}]|^[+-]|=/g, '')
  return random.pick([
    `tx.${name}=${text === '' ? 'x' : text}`,
    `tx.${name}=${random.integer(0, 9)}`,
    `tx.${name}=+${random.integer(0, 9)}`,
    `tx.${name}=-${random.integer(0, 9)}`,
    `tx.${name}=+%{tx.B}`,
    `tx.${name}=%{MATCHED_VAR}`,
    `tx.${name}=%{TX.1}`,
    `tx.${plain}`,
    `!tx.${plain}`,
    `tx.${name}=${macros(random)}`,
  ])
}

function randomTargets(random: Random, phase: number): string[] {
  const targets = random.list(1, random.chance(0.2) ? 4 : 1, () => randomTarget(random))
  const excluded = targets.filter(
    (target) => !target.startsWith('&') && !target.includes('XML') && !target.startsWith('RULE'),
  )
  for (const target of excluded) {
    const [collection = ''] = target.split(':')
    if (!(collections as readonly string[]).includes(collection) || !random.chance(0.15)) continue
    targets.push(`!${collection}:${selector(random)}`)
  }
  return phase < 3 ? targets.map((target) => (target.includes('RESPONSE') ? 'ARGS' : target)) : targets
}

function randomTarget(random: Random): string {
  if (random.chance(0.35)) return random.pick(scalars)
  const collection = random.pick(collections)
  const selected = random.chance(0.35) ? `${collection}:${selector(random)}` : collection
  return random.chance(0.12) ? `&${selected}` : selected
}

function selector(random: Random): string {
  return random.chance(0.25) ? random.pick(['/^a/', '/b$/', '/./', '/A1?/', '/^json/']) : random.pick(selectors)
}

interface OperatorModel {
  readonly operator: string
  readonly argument: string
}

export function randomOperator(random: Random): OperatorModel {
  const kind = random.next()
  if (kind < 0.4) return { operator: 'rx', argument: pattern(random) }
  if (kind < 0.6) return { operator: random.pick(['eq', 'ge', 'gt', 'le', 'lt']), argument: numberText(random) }
  if (kind < 0.85)
    return {
      operator: random.pick(['streq', 'contains', 'containsWord', 'beginsWith', 'endsWith', 'within']),
      argument: text(random),
    }
  if (kind < 0.88) return { operator: 'strmatch', argument: plainText(random) }
  if (kind < 0.9)
    return {
      operator: 'pm',
      argument: random.list(1, 3, () => plainText(random).replaceAll(' ', '') || 'ab').join(' '),
    }
  return random.pick<() => OperatorModel>([
    () => ({
      operator: 'validateByteRange',
      argument: random.pick(['32-126', '0-255', '9,10,13,32-126', '97-122,1', '1-255', '48-57']),
    }),
    () => ({ operator: 'validateUrlEncoding', argument: '' }),
    () => ({ operator: 'validateUtf8Encoding', argument: '' }),
    () => ({ operator: 'unconditionalMatch', argument: '' }),
    () => ({ operator: 'noMatch', argument: 'x' }),
    () => ({
      operator: 'ipMatch',
      argument: random.pick(['192.0.2.0/24', '10.0.0.1', '::1', '192.0.2.1,10.0.0.0/8', '2001:db8::/32']),
    }),
    () => ({ operator: random.pick(['detectSQLi', 'detectXSS']), argument: '' }),
    () => ({ operator: 'verifySSN', argument: '[0-9]{3}-?[0-9]{2}-?[0-9]{4}' }),
    () => ({ operator: 'verifyCPF', argument: '[0-9.-]{11,14}' }),
    () => ({ operator: 'verifySVNR', argument: '[0-9]{10}' }),
    () => ({ operator: 'rx', argument: `${random.pick(['', '^', 'a'])}%{tx.a}` }),
    () => ({ operator: 'verifyCC', argument: '[0-9]{13,16}' }),
    () => ({ operator: 'rxGlobal', argument: pattern(random) }),
  ])()
}

function numberText(random: Random): string {
  return random.pick(['0', '1', '2', '7', '12', '-3', '5', '200', '%{tx.a}', '%{TX.B}', '%{tx.missing}'])
}

function text(random: Random): string {
  if (random.chance(0.15))
    return random.pick([
      '%{tx.a}',
      '%{TX.1}',
      '%{MATCHED_VAR}',
      'a%{tx.B}',
      '%{ARGS.a}',
      '%{REQUEST_HEADERS.host}',
      '%{tx.missing}',
    ])
  return plainText(random)
}

function plainText(random: Random): string {
  if (random.chance(0.3))
    return random.pick(['a', 'ab', 'A', '1', 'GET', 'POST', 'a b c', 'abc,ab', 'shop.example', 'form-data'])
  const plain = value(random)
    .replace(/[\0-\x1f\x7f|%{}\\"']/g, '')
    .trim()
  return plain === '' ? 'a' : plain
}

function pattern(random: Random): string {
  if (random.chance(0.2))
    return random.pick(['.', '^.*$', '(.)', '^(.*)$', '(?i)a', '^$', '^(a+)(b)?', '(a)|(b)', '\\ba', '(\\w+)=(\\d*)'])
  return (
    (random.chance(0.2) ? '(?i)' : '') +
    (random.chance(0.2) ? '^' : '') +
    alternatives(random, 2) +
    (random.chance(0.2) ? '$' : '')
  )
}

function alternatives(random: Random, depth: number): string {
  return random
    .list(1, random.chance(0.25) ? 2 : 1, () => random.list(1, 3, () => repeated(random, depth)).join(''))
    .join('|')
}

function repeated(random: Random, depth: number): string {
  const group = random.pick(['(', '(', '(?:', '(?i:'])
  const atom = depth > 0 && random.chance(0.3) ? `${group}${alternatives(random, depth - 1)})` : random.pick(atoms)
  return random.chance(0.3) ? `${atom}${random.pick(['*', '+', '?', '*?', '+?', '{2}', '{1,3}'])}` : atom
}

function afterwards(random: Random, count: number): Statement[] {
  const found: Statement[] = []
  const id = random.integer(1, count)
  const variable = random.pick(['ARGS:a', 'ARGS', 'REQUEST_HEADERS:Host', 'TX:a', 'ARGS_NAMES:a', 'ARGS:/^a/'])
  if (random.chance(0.05)) found.push(directive(`SecRuleUpdateTargetByMsg m${random.integer(1, 3)} "!${variable}"`))
  if (random.chance(0.08)) found.push(directive(`SecRuleRemoveById ${id}`))
  if (random.chance(0.04)) found.push(directive(`SecRuleRemoveByTag t${random.integer(1, 3)}`))
  if (random.chance(0.04)) found.push(directive(`SecRuleRemoveByMsg m${random.integer(1, 3)}`))
  if (random.chance(0.08)) found.push(directive(`SecRuleUpdateTargetById ${id} "!${variable}"`))
  if (random.chance(0.04)) found.push(directive(`SecRuleUpdateTargetById ${id} "QUERY_STRING"`))
  if (random.chance(0.05)) found.push(directive(`SecRuleUpdateTargetByTag t${random.integer(1, 3)} "!${variable}"`))
  if (random.chance(0.05)) found.push(directive(`SecRuleUpdateActionById ${id} "pass,t:none,t:lowercase"`))
  return found
}
