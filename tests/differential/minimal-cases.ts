import type { Exchange, Header } from './exchange.ts'
import { bodyRules } from './rule-words.ts'

/** The case of an entry of docs/divergences.md. */
export interface MinimalCase {
  readonly entry: number
  readonly rules: string
  readonly exchange: Exchange
}

const response: Exchange['response'] = { status: 200, headers: [['Content-Type', 'text/html']], body: '' }

function get(target: string, ...headers: Header[]): Exchange {
  return { method: 'GET', target, headers: [['Host', 'shop.example'], ...headers], body: undefined, response }
}

function post(type: string, body: string): Exchange {
  return { ...get('/', ['Content-Type', type]), method: 'POST', body }
}

const withBodies = (rules: string): string => `${bodyRules.join('\n')}\n${rules}`

/** One for each entry: rules without settings, and what is sent. */
export const minimalCases: readonly MinimalCase[] = [
  { entry: 1, rules: 'SecRule ARGS "@rx ." "id:1,phase:2,pass,log"', exchange: post('application/json', '{"a":1') },
  {
    entry: 2,
    rules: withBodies('SecRule ARGS_POST "@streq 1" "id:1,phase:2,pass,log"'),
    exchange: post('application/json', '{"a":[1]}'),
  },
  {
    entry: 3,
    rules: withBodies('SecRule XML:/* "@beginsWith select" "id:1,phase:2,pass,log"'),
    exchange: post('text/xml', '<a><b>x</b><c>select</c></a>'),
  },
  {
    entry: 4,
    rules: 'SecRule REQUEST_COOKIES "@streq x" "id:1,phase:1,pass,log"',
    exchange: get('/', ['Cookie', '=x']),
  },
  {
    entry: 5,
    rules: withBodies('SecRule REQUEST_BODY "@rx ." "id:1,phase:2,pass,log"'),
    exchange: post('application/json', '{"a":1}'),
  },
  { entry: 6, rules: 'SecRule MULTIPART_STRICT_ERROR "@streq 0" "id:1,phase:2,pass,log"', exchange: get('/') },
  { entry: 7, rules: 'SecRule FULL_REQUEST "@beginsWith GET" "id:1,phase:2,pass,log"', exchange: get('/') },
  { entry: 8, rules: 'SecRule REQUEST_URI "@contains %41" "id:1,phase:1,pass,log"', exchange: get('/%41?q#x') },
  {
    entry: 9,
    rules: `SecRule ARGS:a "@rx ." "id:1,phase:1,pass,log"
SecRule MATCHED_VAR "@streq x" "id:2,phase:1,pass,log"`,
    exchange: get('/?a=x'),
  },
  {
    entry: 10,
    rules: `SecRule REQUEST_METHOD "@rx ." "id:1,phase:1,pass,log,setvar:'tx.x=%{ARGS.a}'"
SecRule TX:x "@streq b" "id:2,phase:1,pass,log"`,
    exchange: get('/?a=b&a=c'),
  },
  {
    entry: 11,
    rules: 'SecRule RESPONSE_STATUS "@eq 200" "id:1,phase:4,pass,log"',
    exchange: { ...get('/'), response: { ...response, headers: [['Content-Type', 'image/png']] } },
  },
  {
    entry: 12,
    rules: 'SecRule ARGS "@streq a" "id:1,phase:1,pass,log,t:base64Decode"',
    exchange: get('/?q=YQ'),
  },
  { entry: 13, rules: 'SecRule ARGS "@rx ^b" "id:1,phase:1,pass,log"', exchange: get('/?q=a%0ab') },
  { entry: 14, rules: 'SecRule ARGS "@containsWord 4" "id:1,phase:1,pass,log"', exchange: get('/?q=42') },
  {
    entry: 15,
    rules: `SecAction "id:1,phase:1,nolog,pass,ctl:ruleEngine=Off"
SecRule REQUEST_METHOD "@rx ." "id:2,phase:1,pass,log"`,
    exchange: get('/'),
  },
  {
    entry: 16,
    rules: `SecRule ARGS "@rx ." "id:1,phase:1,pass,log,multiMatch,chain"
  SecRule REQUEST_METHOD "@streq PUT" "t:none"`,
    exchange: get('/?q=x'),
  },
  { entry: 17, rules: 'SecRule &ENV "@gt 0" "id:1,phase:1,pass,log"', exchange: get('/') },
  {
    entry: 18,
    rules: 'SecRule ARGS:a|!ARGS:/^a/ "@rx x" "id:1,phase:1,pass,log"',
    exchange: get('/?a=x'),
  },
  {
    entry: 19,
    rules: `SecDefaultAction "phase:1,deny,log"
SecRule REQUEST_METHOD "@rx ." "id:1,phase:1"`,
    exchange: get('/'),
  },
  { entry: 20, rules: 'SecRule ARGS "@detectSQLi" "id:1,phase:1,pass,log"', exchange: get('/?q=8%2border%2bby%2b1--') },
]
