import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Exchange, Header } from './exchange.ts'

const folder = join(import.meta.dirname, '../../../shared/waf-cases/detect')

/** Attack and benign strings, one a line; `undefined` where the shared folder is absent. */
export function attackStrings(): string[] | undefined {
  if (!existsSync(folder)) return undefined
  return readdirSync(folder)
    .sort()
    .flatMap((file) => readFileSync(join(folder, file), 'latin1').split('\n'))
    .filter((line) => line !== '')
}

export const places = ['query', 'form', 'JSON', 'cookie', 'header'] as const

/** A request as a browser sends it, with the string in one place. */
export function attackExchange(text: string, place: (typeof places)[number]): Exchange {
  const escaped = encodeBytes(text)
  switch (place) {
    case 'query':
      return request({ target: `/search?q=${escaped}` })
    case 'form':
      return request({ type: 'application/x-www-form-urlencoded', body: `q=${escaped}` })
    case 'JSON':
      return request({ type: 'application/json', body: JSON.stringify({ q: text.replace(/[\x80-\xff]/g, '?') }) })
    case 'cookie':
      return request({ headers: [['Cookie', `q=${escaped}`]] })
    case 'header':
      return request({ headers: [['Referer', text.replace(/[\0-\x1f\x7f]/g, ' ').trim()]] })
    default:
      return place satisfies never
  }
}

interface Parts {
  readonly target?: string
  readonly headers?: readonly Header[]
  readonly type?: string
  readonly body?: string
}

function request({ target = '/', headers = [], type, body }: Parts): Exchange {
  return {
    method: body === undefined ? 'GET' : 'POST',
    target,
    headers: [
      ['Host', 'shop.example'],
      ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64)'],
      ['Accept', 'text/html'],
      ...headers,
      ...(type === undefined ? [] : [['Content-Type', type] as const]),
      ...(body === undefined ? [] : [['Content-Length', String(body.length)] as const]),
    ],
    body,
    response: { status: 200, headers: [['Content-Type', 'text/html']], body: '<p>Hello</p>' },
  }
}

function encodeBytes(text: string): string {
  return text.replace(/[^A-Za-z0-9._~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
