import t from 'tap'
import type { TestRequest, TestResponse } from '../../helpers/rule-engine.ts'
import { pairOf } from '../../helpers/screening-pair.ts'

/** Rules that are as unkind to screening as rules can be, and the ids that match, in order. */
interface Case {
  readonly rules: string
  readonly request?: TestRequest
  readonly response?: TestResponse
  readonly matched: readonly number[]
  /** Further files. */
  readonly data?: Record<string, string>
  /** The clock as the screened program sees it: this many milliseconds later at each look. */
  readonly stepMs?: number
}

const gate = (id: number, marker: string, condition = 'TX:LEVEL "@lt 2"', phase = 2): string =>
  `SecRule ${condition} "id:${id},phase:${phase},pass,nolog,skipAfter:${marker}"`
const rule = (id: number, target: string, operator: string, actions = ''): string =>
  `SecRule ${target} "${operator}" "id:${id},phase:2,pass,log,t:none${actions}"`
const set = (id: number, effect: string, phase = 2): string => `SecAction "id:${id},phase:${phase},pass,log,${effect}"`
const attack = { target: '/?a=attack&b=harmless&c=attack+again' }
const many = {
  target: `/?${Array.from({ length: 3_000 }, (_, i) => `k${i}=${i % 7 === 3 ? `attack${i}` : i}`).join('&')}`,
}

const cases: Readonly<Record<string, Case>> = {
  'a gate that is open skips, one that is closed does not': {
    rules: `${set(1, 'setvar:tx.level=1')}
      ${rule(2, 'ARGS', '@rx attack')}
      ${gate(3, 'END')}
      ${rule(4, 'ARGS', '@rx attack')}
      SecMarker END
      ${gate(5, 'END2', 'TX:LEVEL "@lt 1"')}
      ${rule(6, 'ARGS', '@rx attack')}
      SecMarker END2`,
    request: attack,
    matched: [1, 2, 6],
  },
  'a variable without a value opens no gate': {
    rules: `${gate(3, 'END')}\n${rule(4, 'ARGS', '@rx attack')}\nSecMarker END`,
    request: attack,
    matched: [4],
  },
  'the variable of a gate changes behind the gate, and another gate comes before its end': {
    rules: `${set(1, 'setvar:tx.level=2,setvar:tx.other=0')}
      ${gate(2, 'END')}
      ${rule(3, 'ARGS:a', '@rx attack', ',setvar:tx.level=1')}
      ${gate(4, 'INNER', 'TX:OTHER "@eq 1"')}
      ${rule(5, 'ARGS:c', '@rx attack')}
      SecMarker INNER
      ${rule(6, 'ARGS:c', '@rx again')}
      SecMarker END
      ${gate(7, 'LAST')}
      ${rule(8, 'ARGS', '@rx attack')}
      SecMarker LAST
      ${rule(9, 'ARGS', '@rx harmless')}`,
    request: attack,
    matched: [1, 3, 5, 6, 9],
  },
  'the variable of a gate changes behind the gate, before anything was screened': {
    rules: `${gate(2, 'END')}
      ${set(3, 'setvar:tx.level=1')}
      ${rule(4, 'ARGS', '@rx attack')}
      SecMarker END
      ${gate(5, 'LAST')}
      ${rule(6, 'ARGS', '@rx attack')}
      SecMarker LAST`,
    request: attack,
    matched: [3, 4],
  },
  'the variable of a gate changes back and forth': {
    rules: `${set(1, 'setvar:tx.level=1')}
      ${gate(2, 'A')}\n${rule(3, 'ARGS', '@rx attack')}\nSecMarker A
      ${set(4, 'setvar:tx.level=3')}
      ${gate(5, 'B')}\n${rule(6, 'ARGS', '@rx attack', ',setvar:tx.level=1')}\n${rule(7, 'ARGS', '@rx again')}\nSecMarker B
      ${gate(8, 'C')}\n${rule(9, 'ARGS', '@rx attack')}\nSecMarker C
      ${set(10, 'setvar:!tx.level')}
      ${gate(11, 'D')}\n${rule(12, 'ARGS', '@rx attack')}\nSecMarker D`,
    request: attack,
    matched: [1, 4, 6, 7, 10, 12],
  },
  'a gate is removed before anything was screened': {
    rules: `${set(1, 'setvar:tx.level=1,ctl:ruleRemoveById=3')}
      ${gate(3, 'END')}\n${rule(4, 'ARGS', '@rx attack')}\nSecMarker END
      ${gate(5, 'LAST')}\n${rule(6, 'ARGS', '@rx attack')}\nSecMarker LAST`,
    request: attack,
    matched: [1, 4],
  },
  'a gate is removed by its tag, by a rule that values decide': {
    rules: `${set(1, 'setvar:tx.level=1')}
      ${gate(2, 'A')}\n${rule(3, 'ARGS', '@rx attack')}\nSecMarker A
      ${rule(4, 'ARGS', '@rx harmless', ',ctl:ruleRemoveByTag=levels')}
      SecRule TX:LEVEL "@lt 2" "id:5,phase:2,pass,nolog,tag:'levels',skipAfter:END"
      ${rule(6, 'ARGS', '@rx attack')}
      SecMarker END
      ${gate(7, 'LAST')}\n${rule(8, 'ARGS', '@rx attack')}\nSecMarker LAST`,
    request: attack,
    matched: [1, 4, 6],
  },
  'the variable of a gate is taken away from it': {
    rules: `${set(1, 'setvar:tx.level=1,ctl:ruleRemoveTargetById=3;TX:LEVEL')}
      ${gate(3, 'END')}\n${rule(4, 'ARGS', '@rx attack')}\nSecMarker END`,
    request: attack,
    matched: [1, 4],
  },
  'all of TX is taken away from a gate, by its tag': {
    rules: `${set(1, 'setvar:tx.level=1,ctl:ruleRemoveTargetByTag=levels;TX')}
      SecRule TX:LEVEL "@lt 2" "id:3,phase:2,pass,nolog,tag:'levels',skipAfter:END"
      ${rule(4, 'ARGS', '@rx attack')}\nSecMarker END`,
    request: attack,
    matched: [1, 4],
  },
  'another variable of TX is taken away from a gate, which stays': {
    rules: `${set(1, 'setvar:tx.level=1,ctl:ruleRemoveTargetById=3;TX:other')}
      ${gate(3, 'END')}\n${rule(4, 'ARGS', '@rx attack')}\nSecMarker END`,
    request: attack,
    matched: [1],
  },
  'a variable that is no variable of TX is taken away from a gate, which stays': {
    rules: `${set(1, 'setvar:tx.level=1,ctl:ruleRemoveTargetById=3;ARGS:level')}
      ${gate(3, 'END')}\n${rule(4, 'ARGS', '@rx attack')}\nSecMarker END`,
    request: attack,
    matched: [1],
  },
  'gates with equal words mean different files': {
    rules: '',
    data: {
      '/rules/a/a.conf': `${set(1, 'setvar:tx.word=apple')}
        ${gate(2, 'A', 'TX:WORD "@pmFromFile words.data"')}\n${rule(3, 'ARGS', '@rx attack')}\nSecMarker A`,
      '/rules/b/b.conf': `${gate(4, 'B', 'TX:WORD "@pmFromFile words.data"')}\n${rule(5, 'ARGS', '@rx attack')}\nSecMarker B`,
      '/rules/a/words.data': 'apple',
      '/rules/b/words.data': 'pear',
    },
    request: attack,
    matched: [1, 5],
  },
  'more gates than are foreseen': {
    rules: `${Array.from({ length: 45 }, (_, i) => set(100 + i, `setvar:tx.v${i}=${i % 2}`)).join('\n')}
      ${Array.from({ length: 45 }, (_, i) => `${gate(200 + i, `M${i}`, `TX:V${i} "@eq 1"`)}\n${rule(300 + i, 'ARGS', `@rx ^attack$`)}\nSecMarker M${i}`).join('\n')}`,
    request: attack,
    matched: [...Array.from({ length: 45 }, (_, i) => 100 + i), ...Array.from({ length: 23 }, (_, i) => 300 + 2 * i)],
  },
  'a match of a gate is the last one, for MATCHED_VAR': {
    rules: `${set(1, 'setvar:tx.level=1')}
      ${rule(2, 'ARGS', '@rx attack')}
      ${gate(3, 'END')}\n${rule(4, 'ARGS', '@rx attack')}\nSecMarker END
      ${rule(5, 'ARGS:b', '@rx nothing')}
      ${set(6, 'setvar:tx.seen=%{MATCHED_VAR_NAME}-%{MATCHED_VAR}')}
      SecRule MATCHED_VAR "@streq 1" "id:7,phase:2,pass,log"
      SecRule MATCHED_VARS|MATCHED_VARS_NAMES "@rx ." "id:8,phase:2,pass,log"`,
    request: attack,
    matched: [1, 2, 6, 7],
  },
  'skipAfter into, out of and across what is screened': {
    rules: `SecMarker BEGIN
      ${rule(1, 'ARGS', '@rx harmless', ',skipAfter:INNER')}
      ${rule(2, 'ARGS', '@rx attack')}
      ${gate(3, 'OUTER', '&TX:LEVEL "@eq 1"')}
      ${rule(4, 'ARGS', '@rx attack')}
      SecMarker INNER
      ${rule(5, 'ARGS', '@rx attack', ',skipAfter:OUTER')}
      ${rule(6, 'ARGS', '@rx attack')}
      SecMarker OUTER
      ${rule(7, 'ARGS', '@rx attack', ',skip:2')}
      ${rule(8, 'ARGS', '@rx attack')}
      SecRule ARGS "@rx attack" "id:9,phase:2,pass,log,chain"
        SecRule ARGS "@rx harmless"
      ${rule(10, 'ARGS', '@rx again')}`,
    request: attack,
    matched: [1, 5, 7, 10],
  },
  'what looks like a gate and is more': {
    rules: `${set(1, 'setvar:tx.level=1')}
      SecRule TX:LEVEL "@lt 2" "id:2,phase:2,pass,nolog,skipAfter:A,chain"
        SecRule ARGS "@rx nothing"
      ${rule(3, 'ARGS', '@rx attack')}
      SecMarker A
      SecRule TX:LEVEL "@lt 2" "id:4,phase:2,pass,nolog,capture,t:length,setvar:tx.level=2,skipAfter:B"
      ${rule(5, 'ARGS', '@rx attack')}
      SecMarker B
      SecRule TX:LEVEL "@eq 2" "id:6,phase:2,pass,nolog,severity:1,skipAfter:C"
      ${rule(7, 'ARGS', '@rx attack')}
      SecMarker C
      SecRule TX:LEVEL "!@eq 3" "id:8,phase:2,pass,log,skipAfter:D"
      ${rule(9, 'ARGS', '@rx attack')}
      SecMarker D
      SecRule TX:LEVEL "!@eq 3" "id:10,phase:2,pass,nolog,skipAfter:E"
      ${rule(11, 'ARGS', '@rx attack')}
      SecMarker E
      SecRule TX:LEVEL|TX:OTHER "@eq 2" "id:12,phase:2,pass,nolog,skipAfter:F"
      ${rule(13, 'ARGS', '@rx attack')}
      SecMarker F
      SecRule TX:LEVEL "@eq 2" "id:14,phase:2,allow:phase,nolog,skipAfter:G"
      ${rule(15, 'ARGS', '@rx attack')}
      SecMarker G`,
    request: attack,
    matched: [1, 3, 8, 14],
  },
  'a gate with skip counts rules': {
    rules: `${set(1, 'setvar:tx.level=1')}
      SecRule TX:LEVEL "@eq 1" "id:2,phase:2,pass,nolog,skip:2"
      ${rule(3, 'ARGS', '@rx attack')}\n${rule(4, 'ARGS', '@rx attack')}\n${rule(5, 'ARGS', '@rx attack')}`,
    request: attack,
    matched: [1, 5],
  },
  'targets are changed when the rules are loaded': {
    rules: `${rule(1, 'ARGS', '@rx attack')}
      ${rule(2, 'ARGS:a', '@rx attack')}
      ${rule(3, 'REQUEST_HEADERS:X', '@rx attack')}
      SecRuleUpdateTargetById 1 "!ARGS:a,!ARGS:/^c/"
      SecRuleUpdateTargetById 2 "ARGS:c|REQUEST_URI"
      SecRuleUpdateTargetById 3 "ARGS_NAMES|ARGS:/^B$/"`,
    request: attack,
    matched: [2],
  },
  'exclusions and selectors by name and pattern, in any case': {
    rules: `${rule(1, 'ARGS|!ARGS:A', '@rx attack')}
      ${rule(2, 'ARGS:/^[AB]$/|REQUEST_HEADERS:x-value', '@rx attack')}
      ${rule(3, 'ARGS|!ARGS:/./', '@rx attack')}
      ${rule(4, 'ARGS_NAMES|!ARGS_NAMES:c|REQUEST_HEADERS|!REQUEST_HEADERS:X-Value', '@rx ^[bc]|attack')}
      ${rule(5, 'ARGS:C|ARGS:a', '@rx attack', ",logdata:'%{MATCHED_VAR_NAME}'")}
      ${rule(6, 'ARGS:a|ARGS:A', '@rx attack', ',setvar:tx.twice=+1')}
      ${rule(7, 'ARGS|ARGS:a|ARGS_GET', '@rx attack', ',setvar:tx.often=+1')}`,
    request: { ...attack, headers: ['Host', 'shop.example', 'X-VALUE', 'an attack', 'X-Other', 'harmless'] },
    matched: [1, 2, 4, 5, 6, 7],
  },
  'removed targets': {
    rules: `${set(1, 'ctl:ruleRemoveTargetById=10;ARGS:a,ctl:ruleRemoveTargetByTag=tagged;ARGS:/^[AC]/,ctl:ruleRemoveTargetById=12;ARGS')}
      ${rule(10, 'ARGS', '@rx attack')}
      ${rule(11, 'ARGS|ARGS_GET:c', '@rx attack', ',tag:tagged')}
      ${rule(12, 'ARGS|ARGS_GET:c', '@rx attack')}
      ${rule(13, 'ARGS', '@rx attack', ',ctl:ruleRemoveTargetById=14;ARGS:c,ctl:ruleRemoveById=15')}
      ${rule(14, 'ARGS:c|ARGS:b', '@rx attack')}
      ${rule(15, 'ARGS', '@rx attack')}`,
    request: attack,
    matched: [1, 10, 11, 12, 13],
  },
  'multiMatch sees every step': {
    rules: `SecRule ARGS "@rx ^%41" "id:1,phase:2,pass,log,t:urlDecode,t:lowercase,multiMatch,logdata:'%{MATCHED_VAR}'"
      SecRule ARGS "@rx ^A" "id:2,phase:2,pass,log,t:urlDecode,t:lowercase,multiMatch,logdata:'%{MATCHED_VAR}'"
      SecRule ARGS "@rx ^a" "id:3,phase:2,pass,log,t:urlDecode,t:lowercase,multiMatch,logdata:'%{MATCHED_VAR}'"
      SecRule ARGS "@rx (?i)a" "id:4,phase:2,pass,log,t:urlDecode,t:lowercase,multiMatch,setvar:tx.times=+1"
      SecRule ARGS "@rx x x" "id:5,phase:2,pass,log,t:compressWhitespace,t:removeWhitespace,multiMatch"
      SecRule ARGS "@rx ^xx$" "id:6,phase:2,pass,log,t:compressWhitespace,t:removeWhitespace,multiMatch"`,
    request: { target: '/?v=%2541ttack&w=x++x' },
    matched: [1, 2, 3, 4, 5, 6],
  },
  'captures and setvar in the order of targets, then of values': {
    rules: `${rule(1, 'ARGS:c|ARGS:a', '@rx attack(.*)', ',capture,setvar:tx.list=%{tx.list}[%{MATCHED_VAR_NAME}=%{tx.1}]')}
      ${rule(2, 'REQUEST_HEADERS|ARGS_NAMES|ARGS', '@rx ([ac])', ',capture,setvar:tx.all=%{tx.all}[%{MATCHED_VAR_NAME}=%{tx.1}]')}
      ${rule(3, 'ARGS', '@rx ([ac])', ',capture,setvar:tx.args=%{tx.args}[%{MATCHED_VAR_NAME}=%{tx.1}]')}
      ${rule(4, 'ARGS_GET:/./|ARGS:b|ARGS_NAMES|REQUEST_HEADERS', '@rx ([ac])', ',capture,setvar:tx.mixed=%{tx.mixed}[%{MATCHED_VAR_NAME}=%{tx.1}]')}
      SecRule TX:list|TX:all|TX:args|TX:mixed "@rx ." "id:5,phase:2,pass,log,logdata:'%{MATCHED_VAR}'"
      SecRule TX:0|TX:1 "@rx ^(.*)$" "id:6,phase:2,pass,log,capture,chain"
        SecRule ARGS "@rx (g)ai(n)" "capture,setvar:'tx.end=%{tx.0}%{tx.1}%{tx.2}%{tx.3}'"`,
    request: { target: '/?c=attack3&a=attack1&A=attack2&b=cab&a=again', headers: ['Z', 'ca', 'Host', 'a', 'z', 'ac'] },
    matched: [1, 2, 3, 4, 5, 6],
  },
  'a chain goes on with all values': {
    rules: `SecRule ARGS:b "@rx harm" "id:1,phase:2,pass,log,chain"
        SecRule ARGS "@rx attack" "chain,setvar:tx.chained=+1"
        SecRule MATCHED_VARS "@rx again" "chain"
        SecRule &MATCHED_VARS "@eq 4"
      SecRule ARGS:b "@rx harm" "id:2,phase:2,pass,log,chain,setvar:tx.first=+1"
        SecRule ARGS:b "@rx attack" "setvar:tx.second=+1"
      ${rule(3, 'ARGS', '!@rx attack')}
      ${rule(4, 'ARGS', '!@rx .')}`,
    request: attack,
    matched: [1, 3],
  },
  'rules of every phase on the same variables': {
    rules: [1, 2, 3, 4, 5]
      .flatMap((phase) => [
        `SecRule ARGS_GET|REQUEST_HEADERS|ARGS|REQUEST_BODY "@rx attack" "id:${phase}0,phase:${phase},pass,log,t:none"`,
        `SecRule RESPONSE_HEADERS|RESPONSE_BODY|RESPONSE_STATUS "@rx attack|200" "id:${phase}1,phase:${phase},pass,log,t:none"`,
        `SecRule REQUEST_URI|XML:/* "@rx again" "id:${phase}2,phase:${phase},pass,log,t:none"`,
      ])
      .join('\n')
      .replace(/^/, 'SecRequestBodyAccess On\nSecResponseBodyAccess On\n'),
    request: {
      method: 'POST',
      ...attack,
      headers: ['Host', 'shop.example', 'Content-Type', 'application/x-www-form-urlencoded'],
      body: 'd=attack',
    },
    response: { headers: ['Content-Type', 'text/html', 'X-Value', 'attack'], body: 'an attack' },
    matched: [10, 12, 20, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52],
  },
  'ctl changes the body processor': {
    rules: `SecRequestBodyAccess On
      SecRule REQUEST_HEADERS:Content-Type "@rx json" "id:1,phase:1,pass,log,ctl:requestBodyProcessor=JSON"
      ${rule(2, 'ARGS', '@rx attack')}
      ${rule(3, 'REQUEST_BODY', '@rx attack')}
      SecAction "id:4,phase:2,pass,log,ctl:requestBodyProcessor=URLENCODED,ctl:forceRequestBodyVariable=On"
      ${rule(5, 'REQUEST_BODY', '@rx attack')}
      ${rule(6, 'ARGS', '@rx attack')}`,
    request: { method: 'POST', headers: ['Content-Type', 'text/json'], body: '{"x":"attack"}' },
    matched: [1, 2, 4, 6],
  },
  'ctl in phase 2 comes too late for the variables of the body, read or not': {
    rules: `SecRequestBodyAccess On
      SecRule REQUEST_HEADERS:Content-Type "@rx json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
      SecAction "id:4,phase:2,pass,log,ctl:requestBodyProcessor=URLENCODED,ctl:forceRequestBodyVariable=On"
      ${rule(5, 'REQUEST_BODY', '@rx attack')}
      ${rule(6, 'URLENCODED_ERROR', '@rx 1')}`,
    request: { method: 'POST', headers: ['Content-Type', 'text/json'], body: '{"x":"attack%"}' },
    matched: [4],
  },
  'the engine goes off in the middle': {
    rules: `${rule(1, 'ARGS', '@rx attack')}
      ${rule(2, 'ARGS', '@rx harmless', ',ctl:ruleEngine=Off')}
      ${rule(3, 'ARGS', '@rx attack')}`,
    request: attack,
    matched: [1, 2],
  },
  'the engine detects, then blocks': {
    rules: `SecRuleEngine DetectionOnly
      SecRule ARGS "@rx attack" "id:1,phase:2,deny,log"
      ${rule(2, 'ARGS', '@rx harmless', ',ctl:ruleEngine=On')}
      SecRule ARGS "@rx nothing" "id:3,phase:2,deny,log"
      SecRule ARGS "@rx again" "id:4,phase:2,deny,log"
      ${rule(5, 'ARGS', '@rx attack')}`,
    request: attack,
    matched: [1, 2, 4],
  },
  'allow ends a phase': {
    rules: `SecRule ARGS_GET "@rx attack" "id:1,phase:1,allow:phase,log"
      SecRule ARGS_GET "@rx attack" "id:2,phase:1,deny,log"
      ${rule(3, 'ARGS', '@rx attack')}
      SecRule ARGS "@rx again" "id:4,phase:2,allow,log"
      ${rule(5, 'ARGS', '@rx attack')}
      SecRule ARGS "@rx attack" "id:6,phase:5,pass,log"`,
    request: attack,
    matched: [1, 3, 4, 6],
  },
  'negated operators, with what is removed and with several steps': {
    rules: `${set(1, 'ctl:ruleRemoveTargetById=3;ARGS:b')}
      ${rule(2, 'ARGS', '!@rx ^attack', ',setvar:tx.clean=+1')}
      ${rule(3, 'ARGS', '!@rx ^attack')}
      ${rule(4, 'ARGS|REQUEST_HEADERS|!ARGS:/^B$/', '!@contains attack', ",logdata:'%{MATCHED_VAR_NAME}'")}
      SecRule ARGS "!@rx ^attack$" "id:5,phase:2,pass,log,t:removeWhitespace,t:lowercase,multiMatch,setvar:tx.steps=+1"
      SecRule ARGS:a "@rx attack" "id:6,phase:2,pass,log,chain"
        SecRule ARGS "!@rx attack" "chain,setvar:tx.chained=%{MATCHED_VAR_NAME}"
        SecRule ARGS:c "!@pm harmless nothing" "setvar:tx.last=%{MATCHED_VAR}"
      ${rule(7, 'ARGS:none', '!@rx attack')}
      ${rule(8, 'ARGS', '!@validateByteRange 32-126', ',setvar:tx.valid=+1')}
      ${rule(9, '&ARGS', '!@eq 3')}`,
    request: attack,
    matched: [1, 2, 4, 5, 6, 8],
  },
  'later links of a chain, about values that earlier links took away or set': {
    rules: `SecRule ARGS:a "@rx attack" "id:1,phase:2,pass,log,capture,chain,ctl:ruleRemoveTargetById=2;ARGS:c"
        SecRule ARGS|REQUEST_HEADERS "@rx (h)arm" "capture,chain,setvar:tx.one=%{tx.1}"
        SecRule TX:1 "@streq h" "chain"
        SecRule REQUEST_URI|ARGS:/^C/ "@rx again" "t:lowercase,setvar:tx.two=%{MATCHED_VAR_NAME}"
      SecRule ARGS:a "@rx attack" "id:2,phase:2,pass,log,chain"
        SecRule ARGS:c "@rx again"
      SecRule ARGS:a "@rx attack" "id:3,phase:2,pass,log,chain"
        SecRule ARGS_NAMES|REQUEST_COOKIES "@rx nothing" "setvar:tx.never=1"
      SecRule ARGS:a "@rx attack" "id:4,phase:2,pass,log,chain"
        SecRule MATCHED_VAR "@contains tac" "chain"
        SecRule ARGS:b "@contains %{tx.one}arm"`,
    request: attack,
    matched: [1, 4],
  },
  'parts of XML by expression, in the order of the targets': {
    rules: `SecRequestBodyAccess On
      SecRule REQUEST_HEADERS:Content-Type "@rx xml" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"
      ${rule(2, 'XML:/r/B|XML:/r/b|ARGS|XML:/*', '@rx attack(\\d)', ',capture,setvar:tx.order=%{tx.order}%{tx.1}')}
      SecRule TX:order "@rx ." "id:3,phase:2,pass,log,logdata:'%{MATCHED_VAR}'"
      ${rule(4, 'XML://@*|XML:/r/b', '@rx ^attack[24]$')}`,
    request: {
      ...attack,
      method: 'POST',
      headers: ['Content-Type', 'text/xml'],
      body: '<r><b>attack1</b><B>attack2</B><b c="attack4">attack3</b></r>',
    },
    matched: [2, 3, 4],
  },
  'values that are empty, and texts that are': {
    rules: `${rule(1, 'ARGS:e', '@rx ^$', ',setvar:tx.empty=+1')}
      ${rule(2, 'ARGS', '@rx x*', ',setvar:tx.all=+1')}
      ${rule(3, 'ARGS:e', '@streq attack')}
      ${rule(4, 'ARGS_NAMES', '@rx ^$')}
      SecRule ARGS "@rx ^$" "id:5,phase:2,pass,log,t:removeWhitespace,setvar:tx.bare=+1"
      SecRule ARGS:e "@contains %{tx.none}" "id:6,phase:2,pass,log"`,
    request: { target: '/?e=&s=+&=nameless' },
    matched: [1, 2, 4, 5, 6],
  },
  'values too long to be transformed ahead': {
    rules: `SecRequestBodyAccess On
      SecRule ARGS "@rx ^attack$" "id:1,phase:2,pass,log,t:urlDecode,t:removeWhitespace"
      SecRule ARGS "@rx <script" "id:2,phase:2,pass,log,t:htmlEntityDecode,t:lowercase"
      SecRule ARGS "@rx ^ +$" "id:3,phase:2,pass,log,t:none"
      SecRule ARGS "@rx <script" "id:4,phase:2,pass,log,t:none"`,
    request: {
      method: 'POST',
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: `a=att${'+'.repeat(40_000)}ack&b=${'x'.repeat(32_769)}%26lt;SCRIPT&c=${'+'.repeat(32_768)}`,
    },
    matched: [1, 2, 3],
  },
  'a value of a megabyte': {
    rules: `SecRequestBodyAccess On
      SecRule ARGS "@rx needle\\d$" "id:1,phase:2,pass,log,t:lowercase"
      SecRule ARGS "@contains needle" "id:2,phase:2,pass,log"
      SecRule ARGS "@rx x{3}NEEDLE" "id:3,phase:2,pass,log"`,
    request: {
      method: 'POST',
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: `a=${'x'.repeat(1_000_000)}NEEDLE7`,
    },
    matched: [1, 3],
  },
  'bytes of any kind': {
    rules: `${rule(1, 'ARGS', '@rx \\xe9')}
      ${rule(2, 'ARGS', '@contains \xc3\xa9')}
      ${rule(3, 'ARGS', '@rx [^\\x00-\\x7f]')}
      ${rule(4, 'ARGS', '@validateByteRange 32-126')}
      ${rule(5, 'ARGS', '@validateUtf8Encoding')}
      ${rule(6, 'ARGS', '@rx \\x00')}
      ${rule(7, 'ARGS', '@rx ^[\\x80-\\xff]+$')}
      ${rule(8, 'ARGS', '@rx (?i)\\xc9')}`,
    request: { target: '/?a=%e9&b=%c3%a9&c=%00' },
    matched: [1, 2, 3, 4, 5, 6, 7],
  },
  'bytes of any kind in JSON, where they are written as code points': {
    rules: `SecRequestBodyAccess On
      ${rule(1, 'ARGS', '@rx [^\\x00-\\x7f]')}
      ${rule(2, 'ARGS', '@rx \\xc5\\x81')}
      ${rule(3, 'ARGS', '@streq A')}
      ${rule(4, 'ARGS_NAMES', '@rx \\xf0\\x9f')}`,
    request: {
      method: 'POST',
      headers: ['Content-Type', 'application/json'],
      body: '{"a":"\\u0141","\\ud83d\\ude00":1}',
    },
    matched: [1, 2, 4],
  },
  'thousands of values, with the time slice over in the middle of screening': {
    rules: `${rule(1, 'ARGS', '@rx attack(\\d+)', ',capture,setvar:tx.count=+1,setvar:tx.sum=+%{tx.1}')}
      ${rule(2, 'ARGS_NAMES', '@rx ^k29\\d\\d$', ',setvar:tx.names=+1')}
      SecRule ARGS "@rx ^attack" "id:3,phase:2,pass,log,t:urlDecodeUni,chain"
        SecRule MATCHED_VARS "@rx ^attack2999" "setvar:tx.last=1"
      SecRule TX:COUNT "@eq 429" "id:4,phase:2,pass,log"
      SecRule TX:NAMES "@eq 100" "id:5,phase:2,pass,log"`,
    request: many,
    matched: [1, 2, 3, 4, 5],
    stepMs: 4,
  },
  'thousands of values, and an operator that is negated': {
    rules: `${rule(1, 'ARGS', '!@rx attack', ',setvar:tx.clean=+1')}
      SecRule TX:CLEAN "@eq 2571" "id:2,phase:2,pass,log"
      ${rule(3, 'ARGS', '!@rx attack1\\d\\d7$', ',setvar:tx.few=+1')}
      SecRule TX:FEW "@eq 2986" "id:4,phase:2,pass,log"`,
    request: many,
    matched: [1, 2, 3, 4],
  },
  'a gate changes its mind while the time slice is over in the middle of screening': {
    rules: `${set(1, 'setvar:tx.level=1')}
      ${gate(2, 'A')}\n${rule(3, 'ARGS', '@rx attack')}\nSecMarker A
      ${rule(4, 'ARGS', '@rx attack9\\d', ',setvar:tx.level=2')}
      ${gate(5, 'B')}\n${rule(6, 'ARGS', '@rx attack', ',setvar:tx.count=+1')}\nSecMarker B
      SecRule TX:COUNT "@eq 429" "id:7,phase:2,pass,log"`,
    request: many,
    matched: [1, 4, 6, 7],
    stepMs: 11,
  },
}

for (const [name, { rules, request = {}, response = {}, matched, data = {}, stepMs = 0 }] of Object.entries(cases)) {
  t.test(name, async (t) => {
    let now = 0
    const elapsed = (): number => {
      now += stepMs
      return now
    }
    const pair = await pairOf(`SecAuditEngine On\nSecAuditLogParts ABCDEFHIJKZ\n${rules}`, { data, elapsed })
    const seen = await pair.compare(request, response)
    t.strictSame(seen.matched, matched)
    t.equal(seen.screened, seen.plain)
    const again = await pair.compare(request, response)
    t.equal(again.screened, again.plain, 'once more, with what is kept of the first time')
    t.equal(again.plain, seen.plain)
  })
}
