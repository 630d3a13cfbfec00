import t from 'tap'
import type { ActionNode, Node, RuleNode, TargetNode } from '../../../src/waf/seclang/ast.ts'
import { parseSecLang } from '../../../src/waf/seclang/parser.ts'
import { malformed } from './malformed.ts'

t.test('every malformed file is refused with its places and reasons', async (t) => {
  for (const { name, text, problems } of malformed) {
    const found = parseSecLang(text, 'bad.conf').problems
    t.same(
      found.map(({ location, message }) => `${location.line}:${location.column} ${message}`),
      problems,
      name,
    )
    t.ok(problems.length > 0, `${name}: is refused`)
    t.ok(
      found.every(({ location }) => location.file === 'bad.conf'),
      `${name}: names the file`,
    )
  }
  t.equal(malformed.length, 120, 'number of kinds')
})

t.test('a rule with a problem is not among the nodes, the others are', async (t) => {
  const { nodes, problems } = parseSecLang('SecRuleEngine On\nSecRule | x "id:1"\nSecMarker END\n', 'f')
  t.same(
    nodes.map((node) => node.kind),
    ['directive', 'marker'],
  )
  t.equal(problems.length, 1)
  t.equal(problems[0]?.sourceLine, 'SecRule | x "id:1"')
})

/** What is accepted, in a short notation: `mode variable selector; …`, operator, actions. */
const accepted: readonly { name: string; text: string; targets?: string; operator?: string; actions?: string }[] = [
  { name: 'bare pattern is rx', text: 'SecRule ARGS attack "id:1"', operator: 'rx(attack)' },
  { name: 'quoted pattern is rx', text: 'SecRule ARGS "a b" "id:1"', operator: 'rx(a b)' },
  { name: 'negated pattern', text: 'SecRule ARGS "!^a$" "id:1"', operator: '!rx(^a$)' },
  { name: 'operator with argument', text: 'SecRule ARGS "@pm a b" "id:1"', operator: 'pm(a b)' },
  { name: 'operator keeps its case', text: 'SecRule ARGS "@pmFromFile x.data"', operator: 'pmFromFile(x.data)' },
  { name: 'operator without argument', text: 'SecRule ARGS "@detectXSS" "id:1"', operator: 'detectXSS()' },
  { name: 'operator without quotes', text: 'SecRule ARGS @detectXSS id:1', operator: 'detectXSS()', actions: 'id(1)' },
  { name: 'negated operator', text: 'SecRule ARGS "!@streq a" "id:1"', operator: '!streq(a)' },
  { name: 'negation with a blank', text: 'SecRule ARGS "! @streq a" "id:1"', operator: '!streq(a)' },
  { name: 'negation after the at sign', text: 'SecRule ARGS "@!streq a" "id:1"', operator: '!streq(a)' },
  { name: 'leading blanks', text: 'SecRule ARGS "  @streq  a" "id:1"', operator: 'streq(a)' },
  { name: 'trailing blank belongs to the argument', text: 'SecRule ARGS "@streq a " "id:1"', operator: 'streq(a )' },
  { name: 'tab after the name', text: 'SecRule ARGS "@streq\ta" "id:1"', operator: 'streq(a)' },
  { name: 'escaped quote', text: 'SecRule ARGS "@rx a\\"b" "id:1"', operator: 'rx(a"b)' },
  { name: 'other escapes stay', text: 'SecRule ARGS "@rx \\\\ \\d \\\'" "id:1"', operator: "rx(\\\\ \\d \\')" },
  { name: 'pair of backslashes before the quote', text: 'SecRule ARGS "@rx a\\\\" "id:1"', operator: 'rx(a\\\\)' },
  { name: 'high bytes in quotes', text: 'SecRule ARGS "@rx \xc3\xa4" "id:1"', operator: 'rx(\xc3\xa4)' },
  { name: 'hash in quotes', text: 'SecRule ARGS "@rx # x" "id:1"', operator: 'rx(# x)' },
  { name: 'hash as a pattern', text: 'SecRule ARGS #x "id:1"', operator: 'rx(#x)' },
  { name: 'single quotes', text: "SecRule ARGS '@rx a b' 'id:1'", operator: 'rx(a b)', actions: 'id(1)' },
  { name: 'double quote in single quotes', text: "SecRule ARGS '@rx \"' 'id:1'", operator: 'rx(")' },
  { name: 'tabs between arguments', text: '\tSecRule\tARGS\t"x"\t"id:1"\t', targets: '+ARGS', actions: 'id(1)' },
  { name: 'several targets', text: 'SecRule ARGS|ARGS_NAMES x', targets: '+ARGS; +ARGS_NAMES' },
  { name: 'comma between targets', text: 'SecRule ARGS,FILES x', targets: '+ARGS; +FILES' },
  { name: 'blanks around the separator', text: 'SecRule " ARGS | FILES " x', targets: '+ARGS; +FILES' },
  { name: 'variables become upper case', text: 'SecRule args|&Tx:Score x', targets: '+ARGS; #TX name(Score)' },
  { name: 'exclusion', text: 'SecRule ARGS|!ARGS:a x', targets: '+ARGS; -ARGS name(a)' },
  { name: 'exclusion alone', text: 'SecRule !ARGS:a x', targets: '-ARGS name(a)' },
  { name: 'count', text: 'SecRule &REQUEST_HEADERS:Host "@eq 0"', targets: '#REQUEST_HEADERS name(Host)' },
  { name: 'selector with a colon', text: 'SecRule ARGS:a:b x', targets: '+ARGS name(a:b)' },
  { name: 'selector with brackets', text: 'SecRule ARGS:a[b].c-d x', targets: '+ARGS name(a[b].c-d)' },
  { name: 'dot selector', text: 'SecRule TX.score "@gt 0"', targets: '+TX name(score)' },
  { name: 'quoted selector', text: "SecRule ARGS:'a b|c,d' x", targets: '+ARGS name(a b|c,d)' },
  { name: 'escaped quote in a selector', text: "SecRule ARGS:'it\\'s' x", targets: "+ARGS name(it's)" },
  { name: 'regex selector', text: 'SecRule ARGS:/^id_/ x', targets: '+ARGS regex(^id_)' },
  {
    name: 'regex selector with separators',
    text: 'SecRule ARGS:/a|b,c/|FILES x',
    targets: '+ARGS regex(a|b,c); +FILES',
  },
  { name: 'regex selector with an escaped slash', text: 'SecRule ARGS:/a\\/b/ x', targets: '+ARGS regex(a\\/b)' },
  { name: 'quoted regex selector', text: "SecRule ARGS:'/a b|c/' x", targets: '+ARGS regex(a b|c)' },
  { name: 'slash at one end only is a name', text: "SecRule ARGS:'/a' x", targets: '+ARGS name(/a)' },
  { name: 'xpath is no regex', text: 'SecRule XML:/*|XML://@* x', targets: '+XML name(/*); +XML name(//@*)' },
  { name: 'xpath that looks like a regex', text: "SecRule XML:'/a/b/' x", targets: '+XML name(/a/b/)' },
  { name: 'xpath with brackets', text: 'SecRule XML:/a/b[text()] x', targets: '+XML name(/a/b[text()])' },
  { name: 'no actions', text: 'SecRule ARGS x', actions: '' },
  { name: 'empty actions', text: 'SecRule ARGS x ""', actions: '' },
  { name: 'action without a value', text: 'SecAction "id:1,chain"', actions: 'id(1) chain' },
  { name: 'blanks around actions', text: 'SecAction " id:1 , pass "', actions: 'id(1) pass' },
  { name: 'action names become lower case', text: 'SecAction "ID:1,SkipAfter:END"', actions: 'id(1) skipafter(END)' },
  { name: 'quoted value', text: "SecAction \"msg:'a, b',id:'1'\"", actions: 'msg(a, b) id(1)' },
  { name: 'escaped quote in a value', text: "SecAction \"msg:'it\\'s'\"", actions: "msg(it's)" },
  { name: 'escaped double quote in a value', text: 'SecAction "msg:\'a \\"b\\"\'"', actions: 'msg(a "b")' },
  { name: 'empty quoted value', text: 'SecAction "msg:\'\'"', actions: 'msg()' },
  {
    name: 'value with a colon',
    text: 'SecAction "ctl:ruleRemoveById=1,t:none"',
    actions: 'ctl(ruleRemoveById=1) t(none)',
  },
  { name: 'value with a separator of targets', text: 'SecAction "ctl:x=1;ARGS:/a|b/"', actions: 'ctl(x=1;ARGS:/a|b/)' },
  { name: 'value with quotes of its own', text: 'SecAction "xmlns:soap=\'urn:x\'"', actions: "xmlns(soap='urn:x')" },
  { name: 'value with a macro', text: 'SecAction "setvar:tx.%{rule.id}=+1"', actions: 'setvar(tx.%{rule.id}=+1)' },
  { name: 'unquoted action list', text: 'SecAction id:1,pass', actions: 'id(1) pass' },
  { name: 'continuation', text: 'SecRule ARGS \\\n  "x" \\\n  "id:1,\\\n  pass"', actions: 'id(1) pass' },
  {
    name: 'continuation in CRLF',
    text: 'SecRule ARGS \\\r\n  "x" \\\r\n  "id:1,\\\r\n  pass"\r\n',
    actions: 'id(1) pass',
  },
  { name: 'continuation inside a pattern', text: 'SecRule ARGS "@rx a\\\nb\\\n c"', operator: 'rx(ab c)' },
  { name: 'comment between continued lines', text: 'SecRule ARGS "x" \\\n# why\n  "id:1"', actions: 'id(1)' },
  { name: 'comment with a backslash between them', text: 'SecRule ARGS "x" \\\n # why \\\n  "id:1"', actions: 'id(1)' },
  {
    name: 'comment inside an action list',
    text: 'SecAction "id:1,\\\n  # why "not"\n  # and\n  pass"',
    actions: 'id(1) pass',
  },
  { name: 'comment after the rule', text: 'SecRule ARGS "x" "id:1" # why', actions: 'id(1)' },
  { name: 'directive in any case', text: 'SECRULE ARGS x', targets: '+ARGS' },
]

t.test('every accepted form means what ModSecurity means by it', async (t) => {
  for (const { name, text, targets, operator, actions } of accepted) {
    const { nodes, problems } = parseSecLang(text, 'good.conf')
    t.same(problems, [], `${name}: no problem`)
    t.equal(nodes.length, 1, `${name}: one node`)
    const node = nodes[0]
    if (targets !== undefined) t.equal(asRule(node).targets.map(showTarget).join('; '), targets, name)
    if (operator !== undefined) t.equal(showOperator(asRule(node)), operator, name)
    if (actions !== undefined) t.equal(actionsOf(node).map(showAction).join(' '), actions, name)
  }
  t.equal(accepted.length, 64, 'number of forms')
})

t.test('words know where they stand, in continued lines, too', async (t) => {
  const { nodes } = parseSecLang(
    '# one\r\nSecRule ARGS|!ARGS:a \\\r\n  "!@streq x" \\\r\n# c\r\n\t"id:1,\\\r\n  msg:\'m\'"\r\n',
    'f.conf',
  )
  const rule = asRule(nodes[0])
  const at = (location: { line: number; column: number }) => `${location.line}:${location.column}`
  t.equal(at(rule.location), '2:1')
  t.equal(at(rule.targets[1]?.variable.location ?? rule.location), '2:15')
  const selector = rule.targets[1]?.selector
  t.equal(selector?.kind === 'name' && at(selector.name.location), '2:20')
  t.equal(at(rule.operator.name.location), '3:6')
  t.equal(at(rule.operator.argument.location), '3:12')
  t.equal(at(rule.actions[0]?.name.location ?? rule.location), '5:3')
  t.equal(at(rule.actions[1]?.name.location ?? rule.location), '6:3')
  t.equal(at(rule.actions[1]?.argument?.location ?? rule.location), '6:8')
  t.equal(rule.raw, 'SecRule ARGS|!ARGS:a   "!@streq x" \t"id:1,  msg:\'m\'"')
})

t.test('comments, blank lines and commented-out rules give no node', async (t) => {
  const text = '\n# a\n\t # b\n   \r\n#SecRule ARGS x \\\n  "id:1"\n# c \\\n# d\nSecMarker END\n'
  const { nodes, problems } = parseSecLang(text, 'f')
  t.same(problems, [])
  t.match(nodes, [{ kind: 'marker', location: { line: 9 }, label: { text: 'END' } }])
  t.same(parseSecLang('', 'f'), { nodes: [], problems: [] })
})

t.test('other directives keep their arguments, quotes removed', async (t) => {
  const { nodes } = parseSecLang("SecRuleUpdateTargetById 1 \"!ARGS:'a b'\"\nSecAuditLogParts ABZ\nSecX ''\n", 'f')
  t.match(nodes, [
    { kind: 'directive', name: { text: 'SecRuleUpdateTargetById' } },
    { kind: 'directive', name: { text: 'SecAuditLogParts' } },
    { kind: 'directive', arguments: [{ text: '' }] },
  ])
  const words = nodes.map((node) => node.kind === 'directive' && node.arguments.map((word) => word.text).join(';'))
  t.same(words, ["1;!ARGS:'a b'", 'ABZ', ''])
})

function asRule(node: Node | undefined): RuleNode {
  if (node?.kind !== 'rule') throw new Error(`a rule was expected, not ${node?.kind}`)
  return node
}

function actionsOf(node: Node | undefined): readonly ActionNode[] {
  return node?.kind === 'action' ? node.actions : asRule(node).actions
}

function showTarget({ mode, variable, selector }: TargetNode): string {
  const sign = { include: '+', count: '#', exclude: '-' }[mode]
  if (!selector) return `${sign}${variable.text}`
  const word = selector.kind === 'name' ? selector.name : selector.pattern
  return `${sign}${variable.text} ${selector.kind}(${word.text})`
}

function showOperator({ operator }: RuleNode): string {
  return `${operator.negated ? '!' : ''}${operator.name.text}(${operator.argument.text})`
}

function showAction({ name, argument }: ActionNode): string {
  return argument === undefined ? name.text : `${name.text}(${argument.text})`
}
