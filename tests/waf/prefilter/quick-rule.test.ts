import t from 'tap'
import { type Random, randomFrom } from '../../helpers/random.ts'
import type { TestRequest } from '../../helpers/rule-engine.ts'
import { runSize } from '../../helpers/run-size.ts'
import { pairOf } from '../../helpers/screening-pair.ts'

/**
 * Rules about one short value each take a short way (src/waf/compiler/quick-rule.ts). What they leave behind has to be what
 * a full evaluation leaves: TX with its order and spelling, MATCHED_VAR, jumps, and what `ctl` has taken away.
 */
interface Case {
  readonly rules: string
  readonly request?: TestRequest
  readonly tx: readonly (readonly [name: string, value: string])[]
  readonly lastMatched: readonly string[]
}

const silent = (id: number, condition: string, actions = ''): string =>
  `SecRule ${condition} "id:${id},phase:1,pass,nolog,t:none${actions}"`
const set = (id: number, effects: string): string => `SecAction "id:${id},phase:1,pass,nolog,${effects}"`
const long = 'x'.repeat(300)

const cases: Readonly<Record<string, Case>> = {
  'defaults where nothing is set, in any spelling': {
    rules: `${set(1, 'setvar:tx.Foo=7')}
      ${silent(2, '&TX:FOO "@eq 0"', ',setvar:tx.foo=1')}
      ${silent(3, '&TX:bar "@eq 0"', ',setvar:tx.Bar=2')}
      ${silent(4, 'TX:fOO "@ge 7"', ',setvar:TX.BAR=+%{tx.FOO}')}`,
    tx: [
      ['TX:Foo', '7'],
      ['TX:Bar', '9'],
    ],
    lastMatched: ['TX:Foo', '7'],
  },
  'a member that is removed and comes back is the last one, and spelled anew': {
    rules: `${set(1, 'setvar:tx.a=1,setvar:tx.b=2')}
      ${silent(2, 'TX:A "@eq 1"', ',setvar:!tx.a')}
      ${silent(3, '&TX:A "@eq 0"', ',setvar:tx.A=%{MATCHED_VAR_NAME}')}`,
    tx: [
      ['TX:b', '2'],
      ['TX:A', 'TX:A'],
    ],
    lastMatched: ['TX:A', '0'],
  },
  'a macro in a name hits what rules name': {
    rules: `${set(1, 'setvar:tx.%{REQUEST_METHOD}=1,setvar:tx.score=0')}
      ${silent(2, 'TX:get "@eq 1"', ',setvar:tx.sco%{tx.none}re=+5')}
      ${silent(3, 'TX:/^G/ "@eq 1"', ',setvar:!tx.%{REQUEST_METHOD}')}
      ${silent(4, 'TX:score "@eq 5"', ',setvar:tx.get=2')}`,
    tx: [
      ['TX:score', '5'],
      ['TX:get', '2'],
    ],
    lastMatched: ['TX:score', '5'],
  },
  'adding nothing writes a number': {
    rules: `${set(1, 'setvar:tx.a=007,setvar:tx.b=text,setvar:tx.c=3')}
      ${set(2, 'setvar:tx.a=+0,setvar:tx.b=+%{tx.none},setvar:tx.c=-0,setvar:tx.d=+0')}`,
    tx: [
      ['TX:a', '7'],
      ['TX:b', '0'],
      ['TX:c', '3'],
      ['TX:d', '0'],
    ],
    lastMatched: [],
  },
  'a chain that ends early leaves its last match': {
    rules: `SecRule REQUEST_METHOD "@streq get" "id:1,phase:1,deny,log,t:lowercase,chain"
        SecRule REQUEST_PROTOCOL "@streq none" "setvar:tx.never=1"
      ${set(2, 'setvar:tx.first=%{MATCHED_VAR_NAME}-%{MATCHED_VAR}')}
      SecRule &REQUEST_HEADERS:X-None "@eq 0" "id:3,phase:1,deny,log,chain"
        SecRule REQUEST_METHOD "@streq GET" "chain"
        SecRule MATCHED_VAR "@streq none"`,
    tx: [['TX:first', 'REQUEST_METHOD-get']],
    lastMatched: ['REQUEST_METHOD', 'GET'],
  },
  'effects in the middle of a chain happen': {
    rules: `SecRule REQUEST_METHOD "@streq GET" "id:1,phase:1,pass,log,chain"
        SecRule REQUEST_PROTOCOL "@contains HTTP" "setvar:tx.middle=+1,chain"
        SecRule TX:MIDDLE "@eq 2"
      SecRule REQUEST_METHOD "@rx ^(G)" "id:2,phase:1,pass,log,capture,chain"
        SecRule TX:1 "@streq %{MATCHED_VAR}" "chain"
        SecRule TX:none "@unconditionalMatch"`,
    tx: [
      ['TX:middle', '1'],
      ['TX:0', 'G'],
      ['TX:1', 'G'],
    ],
    lastMatched: ['REQUEST_METHOD', 'GET'],
  },
  'ctl takes away rules, and what they look at': {
    rules: `${set(1, 'setvar:tx.a=1')}
      SecRule TX:A "@eq 1" "id:2,phase:1,pass,nolog,ctl:ruleRemoveById=3"
      ${silent(3, 'TX:A "@eq 1"', ',setvar:tx.three=1')}
      ${silent(4, '&TX:A "@eq 1"', ',setvar:tx.four=1')}
      SecRule TX:A "@eq 1" "id:5,phase:1,pass,nolog,ctl:ruleRemoveTargetById=6;TX:a,ctl:ruleRemoveTargetById=7;TX"
      ${silent(6, 'TX:A "@eq 1"', ',setvar:tx.six=1')}
      ${silent(7, '&TX:A "@eq 0"', ',setvar:tx.seven=1')}
      ${silent(8, 'TX:A "@eq 1"', ',setvar:tx.eight=1')}`,
    tx: [
      ['TX:a', '1'],
      ['TX:four', '1'],
      ['TX:seven', '1'],
      ['TX:eight', '1'],
    ],
    lastMatched: ['TX:a', '1'],
  },
  'a jump that sets something on its way': {
    rules: `${silent(1, '&TX:A "@eq 0"', ',setvar:tx.a=1,skipAfter:END')}
      ${set(2, 'setvar:tx.skipped=1')}
      SecMarker END
      ${silent(3, 'TX:A "!@eq 1"', ',skipAfter:LAST')}
      ${set(4, 'setvar:tx.done=1')}
      SecMarker LAST`,
    tx: [
      ['TX:a', '1'],
      ['TX:done', '1'],
    ],
    lastMatched: ['TX:A', '0'],
  },
  'values that are long, many or missing': {
    rules: `${silent(1, 'REQUEST_HEADERS:X-Long "@contains x"', ',setvar:tx.long=%{MATCHED_VAR_NAME}')}
      ${silent(2, 'REQUEST_HEADERS:X-Two "@rx ."', ',setvar:tx.two=+1')}
      ${silent(3, '&REQUEST_HEADERS:X-Two "@eq 2"', ',setvar:tx.count=1')}
      ${silent(4, 'REQUEST_HEADERS:X-None "!@rx ."', ',setvar:tx.none=1')}
      ${silent(5, '&ARGS "@gt %{tx.two}"', ',setvar:tx.args=%{MATCHED_VAR}')}`,
    request: { target: '/?a=1&b=2&c=3', headers: ['X-Long', long, 'X-Two', 'a', 'X-Two', 'b'] },
    tx: [
      ['TX:long', 'REQUEST_HEADERS:X-Long'],
      ['TX:two', '2'],
      ['TX:count', '1'],
      ['TX:args', '3'],
    ],
    lastMatched: ['ARGS', '3'],
  },
  'an operator with an argument of the request that is none, about no value at all': {
    rules: `${silent(1, 'TX:none "@rx ^%{ARGS.a}$"', ',setvar:tx.never=1')}\n${set(2, 'setvar:tx.after=1')}`,
    request: { target: '/?a=(' },
    tx: [],
    lastMatched: [],
  },
}

for (const [name, { rules, request = {}, tx, lastMatched }] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const pair = await pairOf(rules)
    const { screened, plain } = await pair.compare(request)
    const seen = JSON.parse(plain)
    t.equal(screened, plain)
    t.strictSame(seen.tx, tx)
    t.strictSame(
      seen.lastMatched.filter((text: string | null) => text !== null),
      lastMatched,
    )
  })
}

t.equal(Object.keys(cases).length, 10)

t.test('members that are named by what a request brings, request after request', async (t) => {
  const pair = await pairOf(`
    SecRule REQUEST_HEADERS_NAMES "@rx ^.*$" "id:1,phase:1,pass,nolog,capture,t:none,setvar:'tx.Field_%{tx.0}=/%{tx.0}/'"
    SecRule TX:field_x-b "@within /x-b/ /X-B/" "id:2,phase:1,pass,nolog,t:none,t:lowercase,setvar:tx.FIELD_x-b=+1"
    SecRule TX:/^field_/ "@rx (.+)" "id:3,phase:1,pass,nolog,capture,t:none,setvar:!tx.field_%{tx.1},setvar:tx.last=%{tx.1}"`)
  const names = [['X-A'], ['x-a', 'X-B'], ['X-A', 'x-b'], ['x-B', 'X-A', 'X-b'], [long], ['X-A'], [long]]
  for (const request of names) {
    const { screened, plain } = await pair.compare({ headers: request.flatMap((name) => [name, 'y']) })
    t.equal(screened, plain)
    t.ok(plain.includes(`TX:Field_${request[0]}`))
  }
})

const { seed, count } = runSize({ usual: 150, full: 5_000 })
const names = ['a', 'A', 'b', 'Foo', 'foo', '0', '1', 'GET']
const numbers = ['0', '1', '2', '%{tx.a}', '%{tx.Foo}', '%{MATCHED_VAR}', '%{tx.1}']

/** `TX:foo "@ge 1"` and its like. */
function condition(random: Random): string {
  const name = random.pick(names)
  const number = random.pick(numbers)
  return random.pick([
    `&TX:${name} "@eq ${random.below(2)}"`,
    `&TX:${name} "!@eq ${number}"`,
    `TX:${name} "@ge ${number}"`,
    `TX:${name} "!@within ${number} GET"`,
    `TX:${name} "@rx ^(.)"`,
    `TX:/^f/ "@ge ${number}"`,
    `TX:/^[0-9A-Z]/|!TX:${name} "@rx ."`,
    `TX "@streq ${number}"`,
    'REQUEST_METHOD "@rx ^(G|HEAD)"',
    'REQUEST_METHOD "@pm get post"',
    `REQUEST_HEADERS:X-A "@contains ${number}"`,
    'REQUEST_HEADERS:X-A "!@rx ^(x+)$"',
    `&REQUEST_HEADERS:X-A "@lt ${number}"`,
    `&ARGS "@gt ${number}"`,
    'ARGS "@rx (a)"',
    'MATCHED_VAR "@rx ."',
    `MATCHED_VARS_NAMES "@contains ${name}"`,
    `REQUEST_PROTOCOL "@contains ${number}"`,
  ])
}

function effect(random: Random): string {
  const name = random.pick(names)
  const number = random.pick(numbers)
  return random.pick([
    `setvar:tx.${name}=${number}`,
    `setvar:tx.${name}=+${number}`,
    `setvar:tx.${name}=-${number}`,
    `setvar:!tx.${name}`,
    `setvar:tx.n_%{tx.${name}}=${number}`,
    `setvar:tx.${random.pick(['n', 'N'])}_%{tx.${name}}=<%{TX.${name}}>`,
    'setvar:tx.F%{MATCHED_VAR}=1',
    `setvar:tx.%{REQUEST_METHOD}=+${number}`,
    `setvar:!tx.%{MATCHED_VAR}`,
    `setvar:tx.${name}=%{MATCHED_VAR_NAME}`,
    'setvar:tx.seen=%{tx.seen};%{RULE.id}:%{MATCHED_VAR_NAME}=%{MATCHED_VAR}',
    'setvar:tx.seen=%{tx.seen};%{RULE.id}',
    'setvar:tx.all=%{MATCHED_VARS_NAMES}',
    'capture',
    't:lowercase',
    't:lowercase,t:length,multiMatch',
  ])
}

function someRules(random: Random): string {
  const last = 1 + random.below(24)
  const lines: string[] = []
  for (let id = 1; id <= last; id++) {
    const effects = Array.from({ length: random.below(4) }, () => effect(random))
    if (random.below(8) === 0) {
      lines.push(`SecAction "id:${id},phase:1,pass,nolog,${['t:none', ...effects].join()}"`)
      continue
    }
    const whole = random.pick(['nolog', 'nolog', 'nolog', 'nolog,severity:3', "log,msg:'%{tx.seen} %{MATCHED_VAR}'"])
    const other = 1 + random.below(last)
    const control = random.pick([
      '',
      '',
      '',
      `,ctl:ruleRemoveById=${other}`,
      `,ctl:ruleRemoveTargetById=${other};TX:${random.pick(names)}`,
      `,ctl:ruleRemoveTargetById=${other};TX`,
      ',skipAfter:END',
    ])
    const length = random.pick([1, 1, 1, 2, 3])
    for (let link = 1; link <= length; link++) {
      const own = link === 1 ? `id:${id},phase:1,pass,${whole}${control}` : 't:none'
      const given = link < length && random.below(2) === 0 ? [] : effects
      lines.push(`SecRule ${condition(random)} "${[own, ...given, ...(link < length ? ['chain'] : [])].join()}"`)
    }
    if (random.below(6) === 0) lines.push('SecMarker END')
  }
  return [...lines, 'SecMarker END'].join('\n')
}

const requests: readonly TestRequest[] = [
  {},
  { method: 'POST', target: '/?a=a&b=1' },
  { headers: ['X-A', '1'] },
  { headers: ['X-A', 'xx', 'x-a', ''], target: '/?a=Ga' },
  { headers: ['X-A', long], protocol: 'HTTP/2.0' },
]

t.test('rules made at random', { timeout: 600_000 }, async (t) => {
  const random = randomFrom(seed)
  let exchanges = 0
  let quick = 0
  let matches = 0
  for (let run = 0; run < count; run++) {
    const rules = someRules(random)
    const pair = await pairOf(rules)
    quick += pair.screened.rules.filter(({ attempt }) => attempt !== undefined).length
    t.ok(pair.plain.rules.every(({ attempt }) => attempt === undefined))
    for (const request of requests) {
      const { screened, plain } = await pair.compare(request)
      exchanges++
      matches += JSON.parse(plain).tx.length
      if (screened === plain) continue
      t.fail(
        `seed ${seed}, run ${run}: ${JSON.stringify(request)}\n${rules}\n  with:    ${screened}\n  without: ${plain}`,
      )
      return
    }
  }
  t.equal(exchanges, count * requests.length)
  t.ok(quick > count * 4, `${quick} rules have a short way`)
  t.ok(matches > exchanges, `${matches} members of TX`)
})
