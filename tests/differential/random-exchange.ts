import type { Exchange, Header } from './exchange.ts'
import type { Random } from './random.ts'
import { names, piece, value } from './vocabulary.ts'

/** A request of any kind of body, well formed or not, and its response. */
export function randomExchange(random: Random): Exchange {
  const { type, body } = random.pick(bodies)(random)
  return {
    method: body === undefined ? random.pick(['GET', 'HEAD', 'OPTIONS']) : random.pick(['POST', 'PUT']),
    target: target(random),
    headers: headers(random, type, body),
    body,
    response: {
      status: random.pick([200, 200, 404, 500]),
      headers: [
        ['Content-Type', random.chance(0.95) ? random.pick(['text/html', 'text/plain; charset=utf-8']) : 'image/png'],
        ...(random.chance(0.2) ? [['X-Powered-By', headerValue(random)] as const] : []),
      ],
      body: random.chance(0.5) ? '' : value(random),
    },
  }
}

interface Body {
  readonly type: string | undefined
  readonly body: string | undefined
}

const none = (): Body => ({ type: undefined, body: undefined })

const bodies: readonly ((random: Random) => Body)[] = [none, none, form, form, json, xml, multipart, unknown]

function form(random: Random): Body {
  return {
    type: random.chance(0.1)
      ? random.pick(['application/x-www-form-urlencoded; charset=utf-8', 'APPLICATION/X-WWW-FORM-URLENCODED'])
      : 'application/x-www-form-urlencoded',
    body: pairs(random),
  }
}

function unknown(random: Random): Body {
  return { type: random.pick([undefined, 'text/plain', 'application/octet-stream', '']), body: value(random) }
}

/** Members as they are: escaped, unescaped, broken. */
function pairs(random: Random): string {
  return random
    .list(0, 4, () => {
      const name = random.chance(0.8) ? random.pick(names) : value(random)
      const kind = random.next()
      if (kind < 0.1) return name
      return `${name}=${kind < 0.4 ? encodeURIComponent(value(random)) : value(random)}`
    })
    .join(random.chance(0.95) ? '&' : random.pick([';', '&&']))
}

function target(random: Random): string {
  const path = random.chance(0.5) ? '/' : `/${random.list(0, 3, () => visible(piece(random))).join('')}`
  return random.chance(0.8) ? `${path}?${visible(pairs(random))}` : path
}

/** No HTTP parser lets anything else through to an engine. */
function visible(text: string): string {
  return text.replace(/[\0-\x20\x7f]/g, '%20')
}

function headerValue(random: Random): string {
  return value(random)
    .replace(/[\0-\x1f\x7f]/g, '')
    .trim()
}

function headers(random: Random, type: string | undefined, body: string | undefined): Header[] {
  const list: Header[] = [['Host', random.pick(['shop.example', 'shop.example:8080', '192.0.2.7'])]]
  if (type !== undefined) list.push(['Content-Type', type])
  if (body !== undefined) list.push(['Content-Length', String(body.length)])
  if (random.chance(0.3)) list.push([random.pick(['Cookie', 'cookie']), cookies(random)])
  if (random.chance(0.3)) list.push([random.pick(['X-1', 'x-1', 'User-Agent', 'Referer', 'a']), headerValue(random)])
  if (random.chance(0.1)) list.push(['X-1', headerValue(random)])
  if (random.chance(0.05)) list.push(['Cookie', cookies(random)])
  if (random.chance(0.05)) list.push(['Authorization', random.pick(['Basic dXNlcjpwYXNz', 'Bearer abc'])])
  return list
}

function cookies(random: Random): string {
  return random
    .list(1, 3, () => `${random.pick(names)}${random.chance(0.9) ? '=' : ''}${headerValue(random)}`)
    .join(random.pick(['; ', ';', '; ', ' ; ']))
}

function json(random: Random): Body {
  const text = jsonValue(random, 3)
  return { type: 'application/json', body: random.chance(0.1) ? damaged(random, text) : text }
}

function jsonValue(random: Random, depth: number): string {
  const kind = random.next()
  if (depth > 0 && kind < 0.45) {
    return `{${random.list(0, 3, () => `${jsonString(random)}:${jsonValue(random, depth - 1)}`).join(',')}}`
  }
  if (depth > 0 && kind < 0.6) return `[${random.list(0, 3, () => jsonValue(random, depth - 1)).join(', ')}]`
  if (kind < 0.85) return jsonString(random)
  return random.pick(['true', 'false', 'null', '0', '-1', '1.50', '1e3', '12345678901234567890'])
}

function jsonString(random: Random): string {
  if (random.chance(0.4)) return JSON.stringify(random.pick(names))
  const text = JSON.stringify(value(random))
  return random.chance(0.2)
    ? `${text.slice(0, -1)}${random.pick(['\\u0041', '\\u00e9', '\\ud83d\\ude00', '\\/', '\\u0000'])}"`
    : text
}

function damaged(random: Random, text: string): string {
  const at = random.integer(0, text.length)
  return random.chance(0.5) ? text.slice(0, at) : text.slice(0, at) + piece(random) + text.slice(at)
}

function xml(random: Random): Body {
  const text = `${random.chance(0.5) ? '<?xml version="1.0"?>' : ''}${element(random, 3)}`
  return { type: 'text/xml', body: random.chance(0.1) ? damaged(random, text) : text }
}

function element(random: Random, depth: number): string {
  const name = random.pick(['a', 'b', 'user'])
  const attributes = random.list(0, 2, () => 0).map((_, i) => ` ${['a', 'id'][i]}="${xmlText(random)}"`)
  const content = random.list(0, 3, () =>
    depth > 0 && random.chance(0.4) ? element(random, depth - 1) : xmlText(random),
  )
  return `<${name}${attributes.join('')}>${content.join('')}</${name}>`
}

function xmlText(random: Random): string {
  return value(random)
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f]/g, '')
    .replace(/[<&"]/g, (char) => ({ '<': '&lt;', '&': '&amp;', '"': '&quot;' })[char] ?? '')
    .replace(/[\x80-\xff]+/g, '\u00c3\u00a9')
}

const boundary = 'bound1'

function multipart(random: Random): Body {
  const end = random.chance(0.95) ? '\r\n' : '\n'
  const parts = random.list(0, 4, () => {
    const file = random.chance(0.4) ? `; filename="${parameter(random)}"` : ''
    const type = random.chance(0.3) ? `${end}Content-Type: ${random.pick(['text/plain', 'image/png'])}` : ''
    return `--${boundary}${end}Content-Disposition: form-data; name="${parameter(random)}"${file}${type}${end}${end}${value(random)}${end}`
  })
  const text = `${parts.join('')}--${boundary}--${random.chance(0.9) ? end : ''}`
  return {
    type: `multipart/form-data; boundary=${random.chance(0.9) ? boundary : `"${boundary}"`}`,
    body: random.chance(0.15) ? damaged(random, text) : text,
  }
}

function parameter(random: Random): string {
  if (random.chance(0.7)) return random.pick([...names, 'a.txt', 'b.PHP'])
  return value(random).replace(/[\0-\x1f"\x7f]/g, '')
}
