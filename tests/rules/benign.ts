// biome-ignore-all lint/suspicious/noTemplateCurlyInString: text with braces, not templates

import { form, json, multipart, type Probe, query } from './inspect.ts'

/** What a rule set must let through: a name and a request. */
export type Benign = readonly [name: string, probe: Probe]

const ua = (text: string): Probe => ({ headers: { 'User-Agent': text } })
const cookie = (text: string): Probe => ({ headers: { Cookie: text } })
const referer = (text: string): Probe => ({ headers: { Referer: text } })
const post = (type: string, body: string): Probe => ({
  method: 'POST',
  target: '/in',
  headers: { 'Content-Type': type },
  body,
})
const challenge = '/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA'

export const benign: readonly Benign[] = [
  // Validation of certificates
  ['unknown challenge token', { target: challenge }],
  ['unknown challenge token by HEAD', { target: challenge, method: 'HEAD' }],
  [
    "Let's Encrypt",
    {
      target: challenge,
      headers: {
        'User-Agent': "Mozilla/5.0 (compatible; Let's Encrypt validation server; +https://www.letsencrypt.org)",
        Accept: '*/*',
        Connection: 'close',
      },
    },
  ],
  ['Pebble', { target: challenge, headers: { 'User-Agent': 'LetsEncrypt-Pebble-VA', Accept: undefined } }],
  [
    'validator without User-Agent and Accept',
    { target: challenge, headers: { 'User-Agent': undefined, Accept: undefined } },
  ],
  ['ZeroSSL', { target: challenge, headers: { 'User-Agent': 'acme.zerossl.com/v2/DV90', Accept: undefined } }],
  [
    'Google Trust Services',
    { target: challenge, headers: { 'User-Agent': 'Google-Trust-Services-ACME', Accept: undefined } },
  ],
  [
    'Go client as validator',
    {
      target: challenge,
      headers: { 'User-Agent': 'Go-http-client/1.1', Accept: undefined, 'Accept-Encoding': 'gzip' },
    },
  ],
  ['short token of a self-test', { target: '/.well-known/acme-challenge/letsdebug-test' }],
  ['other well-known file', { target: '/.well-known/security.txt' }],
  ['association file of an app', { target: '/.well-known/apple-app-site-association' }],
  // Names and prose in queries
  ["O'Brien", query("O'Brien")],
  ["D'Angelo and sons", query("D'Angelo or O'Neil and sons")],
  ['Rock and roll', query("rock 'n' roll")],
  ['select a union of', query('select a union of two sets from the list')],
  ['student union selection', query('Students union: select your representative')],
  ['drop the table', query('how to drop a table from the balcony; update your plans')],
  ['insert into', query('insert into the slot, then select from the menu where it says open')],
  ['select from', query('Select (one) item from our catalogue, or order by phone')],
  ['order by price', query('order by price')],
  ['group by', query('group by 3 people')],
  ['and/or', query('terms and/or conditions = yes')],
  ['mathematics', query('1+1=2 and 2*3 > 5')],
  ['comparison', query('a < b and c > d')],
  ['percentages', query('50% off - 20% more; 100%')],
  ['bare percent', { target: '/search?q=100%&discount=50%' }],
  ['inches', query('7" tablet and 10" tablet')],
  ['quoted words', query('"exact phrase" or "other phrase"')],
  ['dashes', query('state-of-the-art -- really')],
  ["workers' dashes", query("the workers' -- and the owners' -- view")],
  ['hash tags', query('#javascript #xss "#1 fan"')],
  ['semicolons', query('bread; butter; cat food; set of 6; more')],
  ['ampersand', query('R&D & sort, cat & dog')],
  ['pipes', query('name|id|date')],
  ['field list with pipes', { target: '/api/items?fields=name|id|type&sort=-date' }],
  ['C++', query('C++ templates <vector>')],
  ['generic type', query('Map<String, List<Integer>>')],
  ['arrow', query('->> here <- there <3')],
  ['title JavaScript', query('JavaScript: The Good Parts (2008)')],
  ['online shop', query('online = yes, one=two, only = three')],
  ['emoji', query('caf\u00e9 \u2615 \u{1f600}')],
  ['curly quote', query('it\u2019s O\u2019Brien\u2019s \u201cquoted\u201d and more')],
  ['Chinese', query('\u4f60\u597d\uff0c\u4e16\u754c')],
  ['Cyrillic', query('\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440')],
  ['IP address', query('192.168.1.1 and 10.0.0.1')],
  ['date range', { target: '/r?from=2024-01-01T00:00:00%2B02:00&to=2024-12-31&tz=Europe/Berlin' }],
  ['phone number', query('+49 (0)30 / 123-456')],
  ['price filter', { target: '/list?price[gte]=10&price[lte]=20&page[size]=5&filter[name]=eq:blue' }],
  [
    'OAuth call-back',
    {
      target:
        '/cb?code=4/0AX4XfWh-abc_DEF&state=eyJhIjoxfQ%3D%3D&scope=openid%20email%20https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fuserinfo.email',
    },
  ],
  ['redirect to localhost', { target: '/login?redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback' }],
  ['doubly encoded redirect', { target: '/go?next=https%253A%252F%252Fshop.example%252Fcart%253Fa%253D1' }],
  [
    'campaign parameters',
    { target: '/?utm_source=news&utm_medium=e-mail&utm_campaign=summer_sale&gclid=EAIaIQobChMI-abc_123' },
  ],
  ['URL in a query', query('https://example.com/path/to/page.html?a=1&b=2#top')],
  ['relative link', query('../images/logo.png')],
  ['base64', query('SGVsbG8sIHdvcmxkIT09PT0+Lz8/Lz4+')],
  ['JSON in a query', query('{"a":[1,2,3],"b":{"c":"d"},"e":null}')],
  ['GraphQL by GET', query('{ user(id: 4) { name friends(first: 10) { edges { node { name } } } } }')],
  ['Lucene', query('title:"foo bar" AND (status:active OR status:new) NOT tag:old')],
  ['regular expression', query('^[a-z0-9]+(-[a-z0-9]+)*$')],
  ['SQL as a topic', query('difference between inner join and left join in SQL')],
  ['error message', query('java.lang.NullPointerException at com.example.Main.main(Main.java:10)')],
  ['Python as a topic', query('python time.sleep(5) vs threading; import os')],
  ['shell as a topic', query('how do I use curl and wget in bash')],
  // Paths
  ['asset with a hash', { target: '/assets/app-5f3a.min.js?v=1.2.3' }],
  ['path with blanks', { target: '/files/My%20Report%20(final).pdf' }],
  ['path with an umlaut', { target: '/stra%C3%9Fe/m%C3%BCnchen' }],
  ['path with dots', { target: '/v1.2/a..b/release...notes' }],
  ['matrix parameter', { target: '/map;lat=50;long=20' }],
  ['path with an at sign', { target: '/@user/post:1,2/~home' }],
  ['encoded slash', { target: '/api/projects/group%2Fproject/files' }],
  ['file named select', { target: '/select/union/from/table.html' }],
  // Headers
  [
    'Chrome',
    {
      headers: {
        'User-Agent':
          'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
        'Sec-CH-UA': '"Chromium";v="130", "Not?A_Brand";v="99"',
        'Sec-CH-UA-Platform': '"Windows"',
        'Sec-Fetch-Site': 'same-origin',
      },
    },
  ],
  [
    'Android',
    ua(
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36',
    ),
  ],
  ['Googlebot', ua('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')],
  ['curl', ua('curl/8.5.0')],
  ['Python client', ua('python-requests/2.32.3')],
  ['Slack', ua('Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)')],
  ['search as referrer', referer('https://www.google.com/search?q=cat+food&sort=id&cat=5&type=dir')],
  ['referrer with a redirect', referer('https://shop.example/login?next=%2Faccount%3Ftab%3Dorders%26id%3D5')],
  [
    'conditional request',
    {
      headers: {
        'If-None-Match': 'W/"5f3a-abc", "x"',
        'If-Modified-Since': 'Sat, 02 Nov 2024 10:00:00 GMT',
        'Cache-Control': 'max-age=0',
      },
    },
  ],
  ['one range', { headers: { Range: 'bytes=0-1023,2048-4095' } }],
  ['basic credentials', { headers: { Authorization: 'Basic dXNlcjpwYXNzd29yZA==' } }],
  [
    'JWT',
    {
      headers: {
        Authorization:
          'Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.NHVaYe26MbtOYhSKkoKYdFVomg4i8ZJd8_-RU8VNbftc4TSMb4bXP3l3YlNWACwyXPGffz5aXHc6lty1Y2t4SWRqGteragsVdZufDn5BlnJl9pdR_kdVFUsra2rWKEofkZeIC4yWytE58sMIihvo9H1ScmmVwBcQP6XETqYd0aSHp1gOa9RdUPDvoXQ5oqygTqVtxaDr6wUFKrKItgBMzWIdNZ6y7O9E0DhEPTbE9rfBo6KTFsHAZnMg4k68CDp2woYIaXbmYTWcvbzIuHO7_37GT79XdIwkm95QJ7hYC9RiwrV7mesbY4PAahERJawntho0my942XheVLmGwLMBkQ',
      },
    },
  ],
  [
    'trace headers',
    {
      headers: {
        Traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        Baggage: 'userId=alice,serverNode=DF%2028;prop',
      },
    },
  ],
  [
    'forwarding headers',
    {
      headers: {
        'X-Forwarded-For': '203.0.113.7, 10.0.0.1',
        Forwarded: 'for="[2001:db8::1]:4711";proto=https',
        Via: '1.1 proxy (squid/5.7)',
      },
    },
  ],
  // Cookies
  ['Google Analytics', cookie('_ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1700000000; _gat_UA-12345-1=1')],
  [
    'campaign cookie',
    cookie('__utmz=1.1700000000.2.2.utmcsr=google|utmccn=(organic)|utmcmd=organic|utmctr=(not%20provided)'),
  ],
  [
    'consent cookie',
    cookie(
      'OptanonConsent=isGpcEnabled=0&datestamp=Mon+Nov+18+2024+10%3A00%3A00+GMT%2B0100&version=202401.1.0&groups=C0001%3A1%2CC0002%3A0&AwaitingReconsent=false',
    ),
  ],
  [
    'consent string',
    cookie('euconsent-v2=CPzHq4APzHq4AEsACCENDYCgAAAAAH_AAAAAAAA.YAAAAAAAAAAA; session=s%3AabcDEF123.%2Fxyz%2B123%3D'),
  ],
  ['JSON cookie', cookie('prefs=%7B%22theme%22%3A%22dark%22%2C%22items%22%3A%5B1%2C2%5D%7D')],
  ['session of PHP', cookie('PHPSESSID=el4ukv0kqbvoirg7nkp4dncpk3; wordpress_test_cookie=WP%20Cookie%20check')],
  // Bodies
  ['login form', form({ user: 'o.brien@example.com', password: "p'ss;w0rd&1=1--x<y>" })],
  [
    'address form',
    form({ name: "Seán O'Connor", street: "12, Rue de l'Église", note: 'Ring twice; leave at #4 (back door)' }),
  ],
  [
    'comment in prose',
    form({
      comment:
        "I like this; it's great and I'd buy it again. Select a size from the list, or order by phone -- thanks!\n\nLocation: Berlin\nDate: today",
    }),
  ],
  [
    'Markdown',
    form({
      text: '# Title\n\n* item `code` and `id`\n* [link](https://example.com/a?b=c)\n\n> quote\n\n```js\nconst x = list.map((a) => a + 1)\nconsole.log(`total: ${x.length}`)\n```\n\n| a | b |\n|---|---|\n| sh | id |\n\n![image](../img/a.png)',
    }),
  ],
  [
    'code in prose',
    form({ text: "if (a == 'x' && b !== 'y') { return items.filter(function (i) { return i.id > 1 }); }" }),
  ],
  ['import in prose', form({ text: "import { a } from '../../lib/a.ts'\nexport default a" })],
  [
    'harmless HTML',
    form({
      html: '<p class="x">Hello <b>world</b>, <a href="https://example.com/a?b=1">link</a><br/><img src="/a.png" alt="a"></p><ul><li>1</li></ul>',
    }),
  ],
  [
    'template for mail',
    form({ text: 'Dear {{name}}, your order {{order.number}} costs {{ price }}. ${total} #{count}' }),
  ],
  [
    'command in prose',
    form({ text: 'Run npm install and then open http://localhost:3000/ in a browser; the cat sat on the mat.' }),
  ],
  ['Node in prose', form({ text: "const fs = require('fs')\nconsole.log(`${fs.name}/${'x'}`, process.env.HOME)" })],
  ['shebang in prose', form({ text: '#!/usr/bin/env node\nimport yargs from "yargs"\nawait sleep(1000);' })],
  [
    'class in prose',
    form({ text: 'class Foo {\n  constructor(private database: Database) {}\n  valueOf() { return 1 }\n}' }),
  ],
  [
    'quoted operators',
    form({ text: '=item \'|\' and \'<\' may not both be specified; see the system (ie, the disk) or "a-<b>" or "c"' }),
  ],
  ['types in prose', form({ text: 'options `<Object>`, payload `<Buffer>`; std::vector<int> and Foo::Bar' })],
  [
    'paths in prose',
    form({ text: 'The log is in /var/log/app.log and the settings in /etc/app/app.conf; see /usr/share/doc.' }),
  ],
  ['Windows path', form({ path: 'C:\\Users\\alice\\Documents\\report.docx' })],
  ['Unix path', form({ path: '/home/alice/projects/readme.md' })],
  [
    'JSON API',
    json({
      id: 1,
      name: "O'Brien",
      tags: ['a', 'b'],
      nested: { ok: true, price: 1.5, none: null },
      note: 'x; y & z | w',
    }),
  ],
  [
    'JSON with a schema',
    json({ $schema: 'https://json-schema.org/draft/2020-12/schema', $ref: '#/$defs/a', type: 'object' }),
  ],
  ['JSON with HTML', json({ html: '<p>Hello <em>you</em></p>', url: 'https://example.com/?a=1&b=2' })],
  [
    'JSON-RPC',
    json({
      jsonrpc: '2.0',
      method: 'eth_call',
      params: [{ to: '0x1234567890abcdef1234567890abcdef12345678', data: '0x70a08231' }, 'latest'],
      id: 1,
    }),
  ],
  [
    'GraphQL',
    json({
      query: 'mutation Update($id: ID!, $in: Input!) { update(id: $id, input: $in) { id name } }',
      variables: { id: '1', in: { name: 'x' } },
    }),
  ],
  ['vendor JSON', { ...json([1, 'two']), headers: { 'Content-Type': 'application/vnd.api+json; charset=utf-8' } }],
  ['empty JSON body of a DELETE', { method: 'DELETE', target: '/api/1' }],
  ['POST without a body', { method: 'POST', target: '/api/ping', headers: { 'Content-Length': '0' } }],
  ['plain text', post('text/plain; charset=UTF-8', 'Two lines; of text\r\nand "quotes" & more = less')],
  [
    'XML',
    post(
      'application/xml',
      '<?xml version="1.0" encoding="UTF-8"?>\n<order id="1"><item sku="a-1">Tea &amp; biscuits</item></order>',
    ),
  ],
  [
    'SOAP',
    post(
      'application/soap+xml; charset=utf-8; action="urn:balance"',
      '<?xml version="1.0"?>\n<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:t="urn:bank">\n' +
        '  <s:Body>\n    <t:get id="12"><t:name>O&#39;Brien &amp; Sons</t:name></t:get>\n  </s:Body>\n</s:Envelope>\n',
    ),
  ],
  [
    'feed',
    post(
      'application/atom+xml',
      '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>' +
        '<updated>2026-01-02T03:04:05Z</updated><entry><summary>Tea, coffee</summary></entry></feed>',
    ),
  ],
  [
    'picture',
    post(
      'image/svg+xml',
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><style>.a{fill:#fff}</style><path d="M0 0h9v9z"/></svg>',
    ),
  ],
  ['XML without a body', { method: 'DELETE', target: '/in', headers: { 'Content-Type': 'application/xml' } }],
  ['binary upload', post('application/octet-stream', '\0\x01\x02<script>')],
  [
    'upload of a picture',
    multipart(
      { head: 'name="title"', content: "Mum's birthday" },
      {
        head: 'name="file"; filename="IMG_2024 (1).jpg"\r\nContent-Type: image/jpeg',
        content: '\xff\xd8\xff\0<?=binary',
      },
    ),
  ],
  [
    'CORS preflight',
    {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://app.example',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'content-type,x-requested-with',
      },
    },
  ],
  [
    'WebDAV',
    {
      method: 'PROPFIND',
      target: '/dav/',
      headers: { Depth: '1', 'Content-Type': 'application/xml' },
      body: '<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>',
    },
  ],
]
