/** A rule file that is wrong, and what has to be said about it: `line:column message`, in order. */
export interface Malformed {
  readonly name: string
  readonly text: string
  readonly problems: readonly string[]
}

const rule = (targets: string, operator = '"@rx x"', actions = '"id:1,phase:1,pass"') =>
  `SecRule ${targets} ${operator} ${actions}\n`
const operator = (text: string) => rule('ARGS', text)
const actions = (text: string) => rule('ARGS', '"@rx x"', text)

export const malformed: readonly Malformed[] = [
  // Bytes and lines
  {
    name: 'byte order mark',
    text: `\xef\xbb\xbf${rule('ARGS')}`,
    problems: ['1:1 the file begins with a byte order mark; save it without one'],
  },
  {
    name: 'UTF-16 file',
    text: 'S\0e\0c\0',
    problems: ['1:1 a directive was expected, found "S<0x00>e<0x00>c<0x00>"', '1:2 unexpected control character 0x00'],
  },
  {
    name: 'NUL inside a quoted pattern',
    text: operator('"@rx a\0b"'),
    problems: ['1:20 unexpected control character 0x00'],
  },
  { name: 'escape character', text: operator('"@rx a\x1bb"'), problems: ['1:20 unexpected control character 0x1b'] },
  {
    name: 'form feed between arguments',
    text: 'SecRuleEngine\fOn\n',
    problems: ['1:1 a directive was expected, found "SecRuleEngine<0x0c>On"', '1:14 unexpected control character 0x0c'],
  },
  {
    name: 'delete character',
    text: 'SecRuleEngine On\x7f\n',
    problems: ['1:17 unexpected control character 0x7f', '1:17 unexpected byte 0x7f in an argument without quotes'],
  },
  {
    name: 'lone CR between directives',
    text: 'SecRuleEngine On\rSecRuleEngine Off\n',
    problems: ['1:17 unexpected control character 0x0d'],
  },
  {
    name: 'lone CR in a comment',
    text: `# harmless\r${rule('ARGS')}`,
    problems: ['1:11 unexpected control character 0x0d'],
  },
  {
    name: 'CR at the end of the file',
    text: 'SecRuleEngine On\r',
    problems: ['1:17 unexpected control character 0x0d'],
  },
  {
    name: 'file ends in a backslash',
    text: 'SecRule ARGS "@rx x" \\',
    problems: ['1:22 the file ends in a continued line'],
  },
  {
    name: 'file ends in a backslash and newline',
    text: 'SecRule ARGS "@rx x" "id:1" \\\n',
    problems: ['1:29 the file ends in a continued line'],
  },
  {
    name: 'white space after a backslash',
    text: 'SecRule ARGS "@rx x" \\ \n  "id:1"\n',
    problems: ['1:22 white space after the backslash: the line does not continue'],
  },
  {
    name: 'tab after a backslash in CRLF',
    text: 'SecRule ARGS "@rx x" \\\t\r\n  "id:1"\r\n',
    problems: ['1:22 white space after the backslash: the line does not continue'],
  },
  {
    name: 'comment that hides a rule',
    text: `# note \\\n${rule('ARGS')}`,
    problems: ['1:8 a comment that ends in a backslash would hide the next line'],
  },
  {
    name: 'comment in a continuation at the end of the file',
    text: 'SecRule ARGS "@rx x" \\\n# last',
    problems: ['2:1 the file ends in a continued line'],
  },
  {
    name: 'backslash missing before the actions',
    text: 'SecRule ARGS\n    "@rx x" \\\n    "id:1"\n',
    problems: [
      '1:13 SecRule lacks an operator',
      '2:5 a directive was expected, found ""@rx"; does the line before lack its backslash?',
    ],
  },
  {
    name: 'blank line inside a continued rule',
    text: 'SecRule ARGS "@rx x" \\\n\n    "id:1"\n',
    problems: ['3:5 a directive was expected, found ""id:1""; does the line before lack its backslash?'],
  },
  {
    name: 'two rules, each with a problem',
    text: `${rule('ARGS|')}${rule('|ARGS')}`,
    problems: ['1:14 a variable is missing here', '2:9 a variable is missing here'],
  },
  // Directives
  {
    name: 'container',
    text: '<IfModule mod_security2.c>\nSecRuleEngine On\n</IfModule>\n',
    problems: [
      '1:1 containers such as <IfModule> belong to Apache\'s configuration, not to a rule file: "<IfModule"',
      '3:1 containers such as <IfModule> belong to Apache\'s configuration, not to a rule file: "</IfModule>"',
    ],
  },
  {
    name: 'closing container',
    text: '</Location>\n',
    problems: [
      '1:1 containers such as <IfModule> belong to Apache\'s configuration, not to a rule file: "</Location>"',
    ],
  },
  {
    name: 'container with quotes',
    text: '<LocationMatch "^/a b">\n',
    problems: [
      '1:1 containers such as <IfModule> belong to Apache\'s configuration, not to a rule file: "<LocationMatch"',
    ],
  },
  {
    name: 'directive that begins with a digit',
    text: '1SecRule ARGS x\n',
    problems: ['1:1 a directive was expected, found "1SecRule"'],
  },
  {
    name: 'directive with a hyphen',
    text: 'Sec-Rule ARGS x\n',
    problems: ['1:1 a directive was expected, found "Sec-Rule"'],
  },
  {
    name: 'directive with a colon',
    text: 'SecRule: ARGS x\n',
    problems: ['1:1 a directive was expected, found "SecRule:"'],
  },
  {
    name: 'directive glued to its argument',
    text: 'SecRule"ARGS" "x" "id:1"\n',
    problems: ['1:1 a directive was expected, found "SecRule"ARGS""'],
  },
  {
    name: 'directive in quotes',
    text: '"SecRule" ARGS x\n',
    problems: ['1:1 a directive was expected, found ""SecRule""; does the line before lack its backslash?'],
  },
  {
    name: 'high byte where a directive belongs',
    text: '\xc3\xa4\n',
    problems: ['1:1 a directive was expected, found "<0xc3><0xa4>"'],
  },
  {
    name: 'stray closing quote on its own line',
    text: `${rule('ARGS')}"\n`,
    problems: ['2:1 a directive was expected, found """; does the line before lack its backslash?'],
  },
  {
    name: 'non-breaking space after the directive',
    text: 'SecRuleEngine\xa0On\n',
    problems: ['1:1 a directive was expected, found "SecRuleEngine<0xa0>On"'],
  },
  // Arguments
  { name: 'SecRule alone', text: 'SecRule\n', problems: ['1:8 SecRule lacks targets'] },
  { name: 'SecRule without operator', text: 'SecRule ARGS  \n', problems: ['1:13 SecRule lacks an operator'] },
  {
    name: 'SecRule with four arguments',
    text: 'SecRule ARGS "@rx x" "id:1" "pass"\n',
    problems: ['1:29 SecRule takes at most 3 arguments; this one is too many'],
  },
  {
    name: 'SecRule with an operator of two words',
    text: 'SecRule ARGS @rx x "id:1"\n',
    problems: ['1:20 SecRule takes at most 3 arguments; this one is too many'],
  },
  { name: 'SecAction alone', text: 'SecAction\n', problems: ['1:10 SecAction lacks actions'] },
  {
    name: 'SecAction with two arguments',
    text: 'SecAction "id:1" "pass"\n',
    problems: ['1:18 SecAction takes at most 1 argument; this one is too many'],
  },
  { name: 'SecMarker alone', text: 'SecMarker\n', problems: ['1:10 SecMarker lacks a label'] },
  {
    name: 'SecMarker with two words',
    text: 'SecMarker END OF\n',
    problems: ['1:15 SecMarker takes at most 1 argument; this one is too many'],
  },
  { name: 'SecMarker with an empty label', text: 'SecMarker ""\n', problems: ['1:12 the label is empty'] },
  { name: 'SecMarker with a blank label', text: 'SecMarker " "\n', problems: ['1:12 the label is empty'] },
  {
    name: 'unterminated operator',
    text: 'SecRule ARGS "@rx x\n',
    problems: ['1:14 unterminated quote: no closing " before the end of the line'],
  },
  {
    name: 'unterminated actions',
    text: 'SecRule ARGS "@rx x" "id:1,phase:1,pass\n',
    problems: ['1:22 unterminated quote: no closing " before the end of the line'],
  },
  {
    name: 'unterminated actions of several lines',
    text: 'SecRule ARGS "@rx x" \\\n  "id:1,\\\n  pass\n',
    problems: ['2:3 unterminated quote: no closing " before the end of the line'],
  },
  {
    name: 'newline inside quotes without a backslash',
    text: 'SecRule ARGS "@rx x" "id:1,\n  phase:1"\n',
    problems: ['1:22 unterminated quote: no closing " before the end of the line'],
  },
  {
    name: 'unterminated single quote',
    text: 'SecRule ARGS \'@rx x "id:1"\n',
    problems: ["1:14 unterminated quote: no closing ' before the end of the line"],
  },
  {
    name: 'closing quote is escaped',
    text: 'SecRule ARGS "@rx x\\" "id:1"\n',
    problems: ['1:24 white space was expected after the closing "; a quote inside is written \\"'],
  },
  {
    name: 'quote inside a pattern',
    text: 'SecRule ARGS "@rx a"b" "id:1"\n',
    problems: ['1:21 white space was expected after the closing "; a quote inside is written \\"'],
  },
  {
    name: 'arguments glued together',
    text: 'SecRule ARGS "@rx x""id:1"\n',
    problems: ['1:21 white space was expected after the closing "; a quote inside is written \\"'],
  },
  {
    name: 'quote inside an unquoted argument',
    text: 'SecRule ARGS:"a" "x" "id:1"\n',
    problems: ['1:14 unexpected quote in an argument without quotes'],
  },
  {
    name: 'high byte in an unquoted argument',
    text: 'SecRule ARGS \xe2\x80\x9cx\xe2\x80\x9d "id:1"\n',
    problems: ['1:14 unexpected byte 0xe2 in an argument without quotes'],
  },
  {
    name: 'unterminated selector in an unquoted argument',
    text: 'SecRule ARGS:\'a b "x" "id:1"\n',
    problems: ["1:14 unterminated quote: no closing ' before the end of the line"],
  },
  // Targets
  { name: 'empty target list', text: rule('""'), problems: ['1:10 the target list is empty'] },
  { name: 'blank target list', text: rule('"  "'), problems: ['1:12 the target list is empty'] },
  { name: 'leading separator', text: rule('|ARGS'), problems: ['1:9 a variable is missing here'] },
  { name: 'trailing separator', text: rule('ARGS|'), problems: ['1:14 a variable is missing here'] },
  { name: 'two separators', text: rule('ARGS||ARGS_NAMES'), problems: ['1:14 a variable is missing here'] },
  {
    name: 'blank between targets',
    text: rule('"ARGS ARGS_NAMES"'),
    problems: ['1:15 "|" or the end of the targets was expected, found "A"'],
  },
  {
    name: 'slash between targets',
    text: rule('ARGS/ARGS_NAMES'),
    problems: ['1:13 "|" or the end of the targets was expected, found "/"'],
  },
  { name: 'lone exclusion', text: rule('ARGS|!'), problems: ['1:15 a variable is missing here'] },
  { name: 'lone count', text: rule('&'), problems: ['1:10 a variable is missing here'] },
  { name: 'count of an exclusion', text: rule('&!ARGS:a'), problems: ['1:10 "!" and "&" exclude each other'] },
  { name: 'exclusion of a count', text: rule('ARGS|!&ARGS:a'), problems: ['1:15 "!" and "&" exclude each other'] },
  { name: 'double exclusion', text: rule('ARGS|!!ARGS:a'), problems: ['1:15 "!" and "&" exclude each other'] },
  {
    name: 'variable with a hyphen',
    text: rule('ARGS-NAMES'),
    problems: ['1:13 "|" or the end of the targets was expected, found "-"'],
  },
  { name: 'variable with a macro', text: rule('%{ARGS}'), problems: ['1:9 a variable was expected, found "%"'] },
  { name: 'variable that is a selector', text: rule(':a'), problems: ['1:9 a variable was expected, found ":"'] },
  {
    name: 'high byte in a target list',
    text: rule('"ARGS|\xc4RGS"'),
    problems: ['1:15 a variable was expected, found byte 0xc4'],
  },
  { name: 'selector is missing', text: rule('ARGS:'), problems: ['1:14 a selector is missing here'] },
  {
    name: 'selector is missing before a separator',
    text: rule('ARGS:|ARGS_NAMES'),
    problems: ['1:14 a selector is missing here'],
  },
  { name: 'selector after a blank', text: rule('"ARGS: a"'), problems: ['1:15 a selector is missing here'] },
  { name: 'empty quoted selector', text: rule("ARGS:''"), problems: ['1:15 the selector is empty'] },
  {
    name: 'unterminated quoted selector',
    text: rule('"ARGS:\'a"'),
    problems: ["1:15 unterminated quote: no closing ' in the target list"],
  },
  {
    name: 'text after a quoted selector',
    text: rule("ARGS:'a'b"),
    problems: ['1:17 "|" or the end of the targets was expected, found "b"'],
  },
  {
    name: 'quote inside a bare selector',
    text: rule("ARGS:it's"),
    problems: ['1:16 unexpected "\'" in a selector without quotes'],
  },
  {
    name: 'blank inside a bare selector',
    text: rule('"ARGS:a b"'),
    problems: ['1:17 "|" or the end of the targets was expected, found "b"'],
  },
  {
    name: 'regex selector without its end',
    text: rule('ARGS:/^a'),
    problems: ['1:14 the regular expression has no closing "/"; a name that begins with "/" needs quotes'],
  },
  {
    name: 'regex selector whose end is escaped',
    text: rule('ARGS:/^a\\/'),
    problems: ['1:14 the regular expression has no closing "/"; a name that begins with "/" needs quotes'],
  },
  { name: 'empty regex selector', text: rule('ARGS://'), problems: ['1:14 the selector is empty'] },
  { name: 'empty quoted regex selector', text: rule("ARGS:'//'"), problems: ['1:15 the selector is empty'] },
  {
    name: 'slash inside a regex selector',
    text: rule('ARGS:/a/b/'),
    problems: ['1:17 unexpected text after the closing "/"; a "/" inside is written \\/'],
  },
  {
    name: 'flags after a regex selector',
    text: rule('ARGS:/a/i'),
    problems: ['1:17 unexpected text after the closing "/"; a "/" inside is written \\/'],
  },
  {
    name: 'second target of a continued list',
    text: 'SecRule "ARGS|\\\n  !&FILES" "x" "id:1"\n',
    problems: ['2:4 "!" and "&" exclude each other'],
  },
  // Operators
  { name: 'empty operator', text: operator('""'), problems: ['1:15 the operator is empty: it would match everything'] },
  {
    name: 'blank operator',
    text: operator('"   "'),
    problems: ['1:18 the operator is empty: it would match everything'],
  },
  {
    name: 'negation of nothing',
    text: operator('"!"'),
    problems: ['1:16 the operator is empty: it would match everything'],
  },
  {
    name: 'operator without a name',
    text: operator('"@"'),
    problems: ['1:16 the name of an operator is missing after "@"; a pattern that begins with "@" is written \\@'],
  },
  {
    name: 'blank after the at sign',
    text: operator('"@ rx x"'),
    problems: ['1:16 the name of an operator is missing after "@"; a pattern that begins with "@" is written \\@'],
  },
  {
    name: 'negated operator without a name',
    text: operator('"!@"'),
    problems: ['1:17 the name of an operator is missing after "@"; a pattern that begins with "@" is written \\@'],
  },
  { name: 'negated twice', text: operator('"!@!rx x"'), problems: ['1:17 the operator is negated twice'] },
  {
    name: 'operator name with a colon',
    text: operator('"@rx: x"'),
    problems: ['1:18 white space was expected after the name of the operator, found ":"'],
  },
  {
    name: 'operator name with brackets',
    text: operator('"@rx(x)"'),
    problems: ['1:18 white space was expected after the name of the operator, found "("'],
  },
  {
    name: 'e-mail address as a pattern',
    text: operator('"@example.com"'),
    problems: ['1:23 white space was expected after the name of the operator, found "."'],
  },
  {
    name: 'operator name with a high byte',
    text: operator('"@r\xc3\xbc x"'),
    problems: ['1:17 white space was expected after the name of the operator, found byte 0xc3'],
  },
  // Actions
  { name: 'blank SecAction', text: 'SecAction ""\n', problems: ['1:12 the action list is empty'] },
  { name: 'leading comma', text: actions('",id:1"'), problems: ['1:23 an action is missing here'] },
  { name: 'trailing comma', text: actions('"id:1,phase:1,"'), problems: ['1:36 an action is missing here'] },
  {
    name: 'trailing comma before the closing quote of a continued list',
    text: 'SecRule ARGS "x" "id:1,\\\n  pass,\\\n  "\n',
    problems: ['3:3 an action is missing here'],
  },
  { name: 'two commas', text: actions('"id:1,,phase:1"'), problems: ['1:28 an action is missing here'] },
  {
    name: 'comma is missing',
    text: actions('"id:1 phase:1"'),
    problems: ["1:27 a value with a blank or a quote in it is written id:'…'"],
  },
  {
    name: 'comma is missing between words',
    text: actions('"id:1,pass nolog"'),
    problems: ['1:33 a comma was expected, found "n"'],
  },
  {
    name: 'comma is missing at a continuation',
    text: 'SecRule ARGS "x" "id:1,\\\n  pass\\\n  nolog"\n',
    problems: ['3:3 a comma was expected, found "n"'],
  },
  { name: 'value is missing', text: actions('"id:,phase:1"'), problems: ['1:26 a value is missing after "id:"'] },
  {
    name: 'value is missing at the end',
    text: actions('"id:1,msg:"'),
    problems: ['1:32 a value is missing after "msg:"'],
  },
  {
    name: 'blank before the value',
    text: actions('"id: 1"'),
    problems: ["1:26 a value with a blank or a quote in it is written id:'…'"],
  },
  { name: 'blank before the colon', text: actions('"id :1"'), problems: ['1:26 a comma was expected, found ":"'] },
  { name: 'equals sign for a colon', text: actions('"id=1"'), problems: ['1:25 a comma was expected, found "="'] },
  {
    name: 'text with blanks and no quotes',
    text: actions('"id:1,msg:two words,pass"'),
    problems: ["1:35 a value with a blank or a quote in it is written msg:'…'"],
  },
  {
    name: 'unterminated value',
    text: actions('"id:1,msg:\'never closed,pass"'),
    problems: ["1:32 unterminated quote: no closing ' in the action list"],
  },
  {
    name: 'value whose end is escaped',
    text: actions('"id:1,msg:\'a\\\'"'),
    problems: ["1:32 unterminated quote: no closing ' in the action list"],
  },
  {
    name: 'text after a quoted value',
    text: actions('"id:1,msg:\'a\'b,pass"'),
    problems: ['1:35 a comma was expected, found "b"'],
  },
  {
    name: 'quote inside a quoted value',
    text: actions("\"id:1,msg:'it's',pass\""),
    problems: ['1:36 a comma was expected, found "s"'],
  },
  {
    name: 'odd quote in a bare value',
    text: actions('"id:1\',pass"'),
    problems: ["1:27 a value with a blank or a quote in it is written id:'…'"],
  },
  {
    name: 'comma in a half-quoted value',
    text: actions('"id:1,setvar:tx.a=\'b,c\'"'),
    problems: ["1:40 a value with a blank or a quote in it is written setvar:'…'"],
  },
  {
    name: 'double quotes for a value in single-quoted actions',
    text: actions('\'id:1,msg:"two words"\''),
    problems: ["1:36 a value with a blank or a quote in it is written msg:'…'"],
  },
  {
    name: 'action that begins with a quote',
    text: actions('"id:1,\'pass\'"'),
    problems: ['1:28 an action was expected, found "\'"'],
  },
  {
    name: 'action with a hyphen',
    text: actions('"id:1,skip-after:END"'),
    problems: ['1:32 a comma was expected, found "-"'],
  },
  { name: 'negated action', text: actions('"id:1,!log"'), problems: ['1:28 an action was expected, found "!"'] },
  {
    name: 'macro for an action',
    text: actions('"id:1,%{tx.action}"'),
    problems: ['1:28 an action was expected, found "%"'],
  },
  { name: 'value without an action', text: actions('"id:1,:2"'), problems: ['1:28 an action was expected, found ":"'] },
  // Several things at once
  {
    name: 'targets, operator and actions wrong',
    text: 'SecRule ARGS|| "@" "id:1,,"\n',
    problems: [
      '1:14 a variable is missing here',
      '1:18 the name of an operator is missing after "@"; a pattern that begins with "@" is written \\@',
      '1:26 an action is missing here',
    ],
  },
  {
    name: 'the rest of a broken rule is not reported again',
    text: `SecRule ARGS "@rx x \\\n  "id:1, \\\n  pass"\n  more\n${rule('&')}`,
    problems: [
      '2:4 white space was expected after the closing "; a quote inside is written \\"',
      '5:10 a variable is missing here',
    ],
  },
]
