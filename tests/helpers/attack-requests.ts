import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from './random.ts'
import type { TestRequest } from './rule-engine.ts'

/** The lines of all corpora in a folder, without comments; each as it stands and, where it is escaped, unescaped. */
export function attackStrings(folder: string): readonly string[] {
  const strings = new Set<string>()
  for (const name of readdirSync(folder).toSorted()) {
    for (const line of readFileSync(join(folder, name), 'latin1').split('\n')) {
      if (line === '' || line.startsWith('#')) continue
      strings.add(line)
      if (/%[0-9a-f]{2}/i.test(line)) strings.add(unescapeForm(line))
    }
  }
  return [...strings]
}

function unescapeForm(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

const BOUNDARY = 'b-o-u-n-d'

/** Ways to bring a one-byte string to the rules, each with what a browser would send around it. */
export const places: Readonly<Record<string, (text: string) => TestRequest>> = {
  query: (text) => ({ target: `/search?q=${encode(text)}&page=2`, headers: fields() }),
  'query name': (text) => ({ target: `/search?${encode(text)}=1`, headers: fields() }),
  'raw query': (text) => ({ target: `/search?q=${text.replace(/[\0-\x20#]/g, '+')}`, headers: fields() }),
  path: (text) => ({ target: `/shop/${encode(text)}/index.php`, headers: fields() }),
  form: (text) => post('application/x-www-form-urlencoded', `name=A.+Person&text=${encode(text)}&city=Springfield`),
  JSON: (text) =>
    post('application/json', JSON.stringify({ id: 17, list: ['plain', text], [text.slice(0, 40)]: true })),
  XML: (text) =>
    post('text/xml', `<?xml version="1.0"?><order a="${entities(text)}"><item>${entities(text)}</item></order>`),
  multipart: (text) =>
    post(
      `multipart/form-data; boundary=${BOUNDARY}`,
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="text"\r\n\r\n${text}\r\n` +
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${text.replace(/[\r\n"\\]/g, '')}"\r\n` +
        `Content-Type: text/plain\r\n\r\ncontent ${text}\r\n--${BOUNDARY}--\r\n`,
    ),
  cookie: (text) => ({ headers: fields('Cookie', `sid=1234; theme=${text.replace(/[\r\n;]/g, '')}`) }),
  'User-Agent': (text) => ({ headers: ['Host', 'shop.example', 'User-Agent', oneLine(text), 'Accept', '*/*'] }),
  Referer: (text) => ({ headers: fields('Referer', `https://shop.example/?q=${oneLine(text)}`) }),
  'header of its own': (text) => ({ headers: fields('X-Value', oneLine(text)) }),
}

function post(type: string, body: string): TestRequest {
  return {
    method: 'POST',
    target: '/orders?from=form',
    headers: fields('Content-Type', type, 'Content-Length', String(body.length)),
    body,
  }
}

function fields(...more: readonly string[]): readonly string[] {
  const browser = ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0']
  return ['Host', 'shop.example', ...browser, 'Accept', 'text/html,*/*;q=0.8', ...more]
}

function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function entities(text: string): string {
  return text
    .replace(/[^A-Za-z0-9 ._/-]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/&#(?:\d|1[1-9]|2\d|3[01]);/g, '')
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\0]/g, ' ')
}

/** What transformations take apart, stands for nothing, or begins something. */
const insertions = [
  ...[
    '  ',
    ' ',
    '\t',
    '\0',
    '\xa0',
    '\xe9',
    '/**/',
    '/*',
    '*/',
    '--',
    '#',
    '//',
    '/./',
    '/../',
    '..',
    '\\',
    '\\\\',
    '^',
  ],
  ...['"', "'", '`', ',', ';', '&lt;', '&#x41;', '&amp;', '%20', '%u0041', '%00', '%', '+', '\\x41', '\\u0061', '\\n'],
  ...['\xc0\xaf', '\xef\xbc\x9c', '0x4142', '(', '(', '/', 'A', 'z', '0', '<!--', '-->', '=', '$', '{', '|', '~', '!'],
]

/** A neighbour of a text: a few insertions, cuts, changes of case or doublings, or parts of two texts joined. */
export function mutate(texts: readonly string[], random: Random): string {
  let text = random.pick(texts)
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(text.length + 1)
    switch (random.below(6)) {
      case 0:
      case 1:
        text = text.slice(0, at) + random.pick(insertions) + text.slice(at)
        break
      case 2:
        text = text.slice(0, at) + text.slice(at + 1 + random.below(3))
        break
      case 3:
        text = text.slice(0, at) + (random.below(2) === 0 ? text.slice(at).toUpperCase() : text.slice(at).toLowerCase())
        break
      case 4:
        text = text.slice(0, at) + random.pick(texts).slice(random.below(20), 60)
        break
      default:
        text = text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at)
    }
  }
  return text.replace(/[^\0-\xff]/g, '?')
}
