/** Configs with exactly one thing wrong: name, text, `line:column` of the problem, what its message says. */
export type BadConfig = readonly [name: string, text: string, place: string, message: RegExp]

const listen = 'listen: {http: ["127.0.0.1:0"]}\n'
const sites = 'sites: [{hosts: [a.example], origin: ["http://127.0.0.1:9"]}]\n'
const good = listen + sites

const hosts = (list: string) => `${listen}sites: [{hosts: ${list}, origin: ["http://127.0.0.1:9"]}]\n`
const origin = (list: string) => `${listen}sites: [{hosts: [a.example], origin: ${list}}]\n`
const http = (list: string) => `${sites}listen: {http: ${list}}\n`
const acme = (rest: string) => `${good}acme: {directory: "https://ca.example/dir", ${rest}}\n`
const limit = (rest: string) => `${good}limits: {${rest}}\n`
const trusted = (list: string) => `${good}trusted_proxies: ${list}\n`

export const badConfigs: readonly BadConfig[] = [
  // the file as YAML
  ['nothing', '', '1:1', /expected a mapping of keys, found nothing/],
  ['a comment alone', '# nothing\n', '1:1', /expected a mapping of keys, found nothing/],
  ['a list', '- a\n', '1:1', /expected a mapping of keys, found a list/],
  ['a word', 'edge\n', '1:1', /found the text "edge"/],
  ['an open quote', `${good}store: "file:certs\n`, '4:1', /not YAML: missing closing "quote/],
  ['a tab as indentation', `${listen}sites:\n\t- hosts: []\n`, '3:1', /not YAML: tabs are not allowed/],
  ['two documents', `${good}---\n${good}`, '3:1', /one document a file/],
  ['YAML 1.1', `%YAML 1.1\n---\n${good}`, '1:1', /only YAML 1\.2/],
  ['an unknown tag', `${good}store: !secret x\n`, '3:8', /not YAML: unresolved tag: !secret/],
  ['a reserved character', `${good}waf: {rules: [@acme-edge]}\n`, '3:15', /reserved character @/],
  ['an unbalanced bracket', `${good}waf: {rules: [a\n`, '4:1', /not YAML/],

  // keys
  [
    'an unknown key far from all',
    `${good}zzzzzzzz: 1\n`,
    '3:1',
    /unknown key "zzzzzzzz"; the keys here are: listen, sites/,
  ],
  ['a misspelt key', `${good}lissen: 1\n`, '3:1', /unknown key "lissen"; did you mean "listen"\?/],
  ['letters swapped', `${good}strore: "file:x"\n`, '3:1', /did you mean "store"\?/],
  ['the wrong case', `${good}WAF: {}\n`, '3:1', /did you mean "waf"\?/],
  ['a hyphen for an underscore', `${good}trusted-proxies: []\n`, '3:1', /did you mean "trusted_proxies"\?/],
  [
    'a misspelt key in a list',
    `${good}  \nacme: {directory: "https://c.example", certificates: [{name: [a.example], names: [a.example]}]}\n`,
    '4:56',
    /unknown key "name"; did you mean "names"\?/,
  ],
  ['a key twice', `${good}workers: 1\nworkers: 2\n`, '4:1', /the key "workers" appears twice/],
  ['a key twice in a flow mapping', `${good}waf: {mode: off, mode: off}\n`, '3:18', /the key "mode" appears twice/],
  ['a merge key', `${good}log: {<<: {access: stdout}}\n`, '3:7', /unknown key "<<"/],
  ['__proto__', `${good}__proto__: {mode: off}\n`, '3:1', /unknown key "__proto__"/],
  ['a list as a key', `${good}? [a]\n: 1\n`, '3:3', /a key must be a plain word/],
  ['no listen', sites, '1:1', /the key "listen" is missing/],
  ['no sites in the list', `${listen}sites: []\n`, '2:8', /write at least one site/],
  ['no http listener', `${sites}listen: {https: ["127.0.0.1:1"]}\n`, '2:9', /the key "http" is missing/],
  ['no origin', `${listen}sites:\n  - hosts: [a.example]\n`, '3:5', /the key "origin" is missing/],
  ['no hosts', `${listen}sites:\n  - origin: ["http://127.0.0.1:9"]\n`, '3:5', /the key "hosts" is missing/],
  ['no names', acme('certificates: [{}]'), '3:60', /the key "names" is missing/],
  ['no directory', `${good}acme: {}\n`, '3:7', /the key "directory" is missing/],
  ['admin without listen', `${good}admin: {}\n`, '3:8', /the key "listen" is missing/],
  ['a section without keys', `${good}acme:\n`, '3:6', /expected a mapping of keys, found nothing/],
  ['an alias', `${listen}sites: [{hosts: &h [a.example], origin: *h}]\n`, '2:41', /found a YAML alias/],

  // listeners
  [
    'a number for a listener',
    http('[8080]'),
    '2:17',
    /expected an address such as "127\.0\.0\.1:8080", found the number 8080/,
  ],
  ['a text for a list', http('"127.0.0.1:80"'), '2:16', /expected a list, found the text/],
  ['an empty list of listeners', http('[]'), '2:16', /the list is empty/],
  ['a port alone', http('[":8080"]'), '2:17', /is not an address/],
  ['a host alone', http('["127.0.0.1"]'), '2:17', /is not an address/],
  ['a name to listen on', http('["shop.example:80"]'), '2:17', /a listener needs an IP address/],
  ['a port beyond all', http('["127.0.0.1:65536"]'), '2:17', /a port is a number from 0 to 65535/],
  ['IPv6 without brackets', http('["::1:8080"]'), '2:17', /is not an address/],
  ['an address of five parts', http('["1.2.3.4.5:80"]'), '2:17', /a listener needs an IP address/],
  [
    'a listener twice',
    http('["127.0.0.1:80", "127.0.0.1:80"]'),
    '2:33',
    /listener 127\.0\.0\.1 port 80 stands twice: first in line 2/,
  ],
  [
    'http and https on one port',
    `${sites}listen: {http: ["[::1]:80"], https: ["[0:0::1]:80"]}\n`,
    '2:38',
    /listener ::1 port 80 stands twice/,
  ],
  [
    'admin on a listener',
    `${sites}listen: {http: ["127.0.0.1:80"]}\nadmin: {listen: "127.0.0.1:80"}\n`,
    '3:17',
    /first in line 2/,
  ],

  // hosts
  ['an empty host', hosts('[""]'), '2:18', /is empty/],
  ['a URL for a host', hosts('["http://a.example"]'), '2:18', /is a URL/],
  ['a host with a port', hosts('["a.example:80"]'), '2:18', /has a port/],
  ['a wildcard inside', hosts('["a.*.example"]'), '2:18', /"\*" that is not the first label/],
  ['a wildcard for part of a label', hosts('["*shop.example"]'), '2:18', /"\*" that is not the first label/],
  ['a wildcard alone with a dot', hosts('["*."]'), '2:18', /is empty/],
  ['two dots', hosts('[a..example]'), '2:18', /is not a host name/],
  ['a label of 64', hosts(`[${'a'.repeat(64)}.example]`), '2:18', /is not a host name/],
  ['a name of 254', hosts(`[${'a.'.repeat(124)}example]`), '2:18', /is not a host name/],
  ['a space in a host', hosts('["a b.example"]'), '2:18', /a character that no name has/],
  ['a percent sign in a host', hosts('["ex%61mple.com"]'), '2:18', /a character that no name has/],
  ['an address in disguise', hosts('["0x7f.1"]'), '2:18', /ends like an IPv4 address but is none/],
  ['an address of three parts', hosts('["1.2.3"]'), '2:18', /ends like an IPv4 address but is none/],
  ['a hyphen first', hosts('["-a.example"]'), '2:18', /is not a host name/],
  ['a number for a host', hosts('[17]'), '2:18', /expected a host name such as "shop\.example", found the number 17/],
  [
    'a host twice in a site',
    hosts('[a.example, A.EXAMPLE.]'),
    '2:29',
    /host "a\.example" stands twice: first in line 2/,
  ],
  [
    'a host in two sites',
    `${good}# one more\n`.replace('}]', '}, {hosts: [A.example], origin: ["http://b.example"]}]'),
    '2:72',
    /host "a\.example" stands twice/,
  ],
  ['a U-label and its A-label', hosts('["bücher.example", "xn--bcher-kva.example"]'), '2:36', /stands twice/],
  ['no hosts in the list', hosts('[]'), '2:17', /write at least one host/],

  // origins
  ['a path', origin('["http://127.0.0.1:9/api"]'), '2:39', /without path, query or user; found "\/api"/],
  ['a query', origin('["http://127.0.0.1:9?x"]'), '2:39', /without path, query or user/],
  ['a user', origin('["http://me@127.0.0.1:9"]'), '2:39', /without path, query or user/],
  ['no scheme', origin('["127.0.0.1:9"]'), '2:39', /is not an origin/],
  ['another scheme', origin('["ftp://127.0.0.1:9"]'), '2:39', /is not an origin/],
  ['port 0', origin('["http://127.0.0.1:0"]'), '2:39', /a port is a number from 1 to 65535/],
  ['port 99999', origin('["http://127.0.0.1:99999"]'), '2:39', /a port is a number from 1 to 65535/],
  ['no host', origin('["http://:80"]'), '2:39', /is empty/],
  ['a text for the list', origin('"http://127.0.0.1:9"'), '2:38', /expected a list, found the text/],
  ['no origin in the list', origin('[]'), '2:38', /write at least one origin/],
  [
    'a redirect without https',
    `${listen}sites: [{hosts: [a.example], origin: ["http://b.example"], https_redirect: true}]\n`,
    '2:76',
    /needs an https listener/,
  ],
  [
    'yes for a boolean',
    `${listen}sites: [{hosts: [a.example], origin: ["http://b.example"], https_redirect: yes}]\n`,
    '2:76',
    /expected true or false, found the text "yes"/,
  ],
  [
    'a CA for plain origins',
    `${listen}sites: [{hosts: [a.example], origin: ["http://b.example"], origin_ca: present.conf}]\n`,
    '2:71',
    /has no effect/,
  ],
  [
    'a CA that is missing',
    `${listen}sites: [{hosts: [a.example], origin: ["https://b.example"], origin_ca: no.pem}]\n`,
    '2:72',
    /"no\.pem": there is no such file/,
  ],

  // waf
  ['an unknown mode', `${good}waf: {mode: on}\n`, '3:13', /expected one of: block, detect, off, found "on"/],
  ['a misspelt mode', `${good}waf: {mode: blokc}\n`, '3:13', /did you mean "block"\?/],
  ['a boolean mode', `${good}waf: {mode: false}\n`, '3:13', /found the boolean false/],
  ['no rules', `${good}waf: {rules: []}\n`, '3:14', /set waf\.mode to off/],
  ['a rule file that is missing', `${good}waf: {rules: [no.conf]}\n`, '3:15', /"no\.conf": there is no such file/],
  ['a glob without a match', `${good}waf: {rules: ["no/*.conf"]}\n`, '3:15', /no file matches "no\/\*\.conf"/],
  ['a folder for a rule file', `${good}waf: {rules: ["."]}\n`, '3:15', /"\." is not a file/],
  ['an unknown shipped set', `${good}waf: {rules: ["@crs"]}\n`, '3:15', /did you mean "@acme-edge"\?/],
  ['an empty log path', `${good}waf: {error_log: ""}\n`, '3:18', /"" is not a path/],
  ['a number for a log path', `${good}waf: {audit_log: 7}\n`, '3:18', /expected a path, found the number 7/],

  // acme
  ['a directory that is no URL', `${good}acme: {directory: pebble}\n`, '3:19', /is not a URL/],
  ['plain http to a CA elsewhere', `${good}acme: {directory: "http://ca.example/dir"}\n`, '3:19', /needs https/],
  [
    'a password for the CA',
    `${good}acme: {directory: "https://a:b@ca.example/dir"}\n`,
    '3:19',
    /no user, password or fragment/,
  ],
  [
    'a bare address as contact',
    acme('contact: [ops@shop.example]'),
    '3:55',
    /did you mean "mailto:ops@shop\.example"\?/,
  ],
  ['two addresses in a contact', acme('contact: ["mailto:a@x.example,b@x.example"]'), '3:55', /is not a contact/],
  [
    'a wildcard certificate',
    acme('certificates: [{names: ["*.a.example"]}]'),
    '3:69',
    /HTTP-01 cannot prove a wildcard/,
  ],
  ['a certificate for an address', acme('certificates: [{names: ["127.0.0.1"]}]'), '3:69', /is an address/],
  ['a certificate without names', acme('certificates: [{names: []}]'), '3:68', /write at least one name/],
  ['a limit without its time', acme('limits: {new_orders: "300"}'), '3:66', /such as 300\/3h or 50\/7d, found "300"/],
  ['a limit of nothing', acme('limits: {new_orders: 0/3h}'), '3:66', /expected a number and a time/],
  ['a limit for no time', acme('limits: {new_orders: 5/0h}'), '3:66', /expected a number and a time/],
  ['a limit for ever', acme('limits: {new_orders: 5/32d}'), '3:66', /of at most 31 days/],
  ['a limit that is a number', acme('limits: {new_orders: 300}'), '3:66', /expected a limit such as 300\/3h, or "off"/],
  [
    'a name in two certificates',
    acme('certificates: [{names: [a.example]}, {names: [b.example, a.example]}]'),
    '3:102',
    /name "a\.example" stands twice/,
  ],

  // the rest
  ['an unknown store', `${good}store: "s3:bucket"\n`, '3:8', /is no store/],
  ['a store without folder', `${good}store: "file:"\n`, '3:8', /is no store/],
  ['a Redis URL without host', `${good}store: "redis:///0"\n`, '3:8', /not a Redis URL/],
  ['a Redis URL with a path', `${good}store: "redis://a/b"\n`, '3:8', /number of a database/],
  ['a Redis URL with an unknown parameter', `${good}store: "redis://a/0?tls=1"\n`, '3:8', /unknown parameter/],
  ['a Redis URL with an odd prefix', `${good}store: "redis://a/0?prefix=%20"\n`, '3:8', /prefix/],
  ['a root for a Redis without TLS', `${good}store: "redis://a/0?ca=x.pem"\n`, '3:8', /rediss/],
  ['two passwords of Redis', `${good}store: "redis://:x@a/0?password_file=y"\n`, '3:8', /both a password and/],
  ['a port of Redis out of range', `${good}store: "redis://:x@a:70000/0"\n`, '3:8', /not a Redis URL/],
  ['a store as a URL with slashes', `${good}store: "file:///var/lib"\n`, '3:8', /is no store/],
  ['no worker', `${good}workers: 0\n`, '3:10', /from 1 to 256, or auto, found the number 0/],
  ['half a worker', `${good}workers: 1.5\n`, '3:10', /found the number 1\.5/],
  ['a misspelt auto', `${good}workers: all\n`, '3:10', /found the text "all"/],
  ['a network with bits behind', trusted('["10.1.2.3/8"]'), '3:19', /did you mean "10\.0\.0\.0\/8"\?/],
  ['an IPv6 network with bits behind', trusted('["fd00::1/8"]'), '3:19', /did you mean "fd00::\/8"\?/],
  ['a prefix too long', trusted('["10.0.0.0/33"]'), '3:19', /is not a network/],
  ['a name for a network', trusted('[proxy.example]'), '3:19', /is not a network/],
  ['two prefixes', trusted('["10.0.0.0/8/8"]'), '3:19', /is not a network/],
  [
    'a time without unit',
    limit('header_timeout: 10'),
    '3:26',
    /expected a time such as 500ms, 10s or 5m, found the number 10/,
  ],
  ['a time in days', limit('header_timeout: 1d'), '3:26', /expected a time/],
  ['a time out of bounds', limit('header_timeout: 1h'), '3:26', /expected from 100ms to 5m, found 1h/],
  ['a limit switched off', limit('body_idle_timeout: 0s'), '3:29', /expected from 100ms to 10m, found 0s/],
  ['a size in KB', limit('header_size: 16KB'), '3:23', /expected a size such as 512B, 16KiB or 1MiB/],
  ['a size with a fraction', limit('target_size: 1.5KiB'), '3:23', /expected a size/],
  ['a count below 1', limit('http2_streams: 0'), '3:25', /from 1 to 10000/],
  ['a misspelt limit', limit('header_timout: 10s'), '3:10', /did you mean "header_timeout"\?/],
  [
    'a number for the access log',
    `${good}log: {access: 1}\n`,
    '3:15',
    /expected stdout, off or a path, found the number 1/,
  ],
]
