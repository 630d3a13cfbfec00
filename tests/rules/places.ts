import { form, json, multipart, type Probe, query } from './inspect.ts'

/** Every place of a request that a payload may arrive in. */
export const places = {
  query,
  'query name': (payload: string): Probe => ({ target: `/?${encodeURIComponent(payload)}` }),
  'path segment': (payload: string): Probe => ({ target: `/a/${encodeURIComponent(payload)}` }),
  'User-Agent': (payload: string): Probe => header('User-Agent', payload),
  Referer: (payload: string): Probe => header('Referer', `https://x.example/?q=${encodeURIComponent(payload)}`),
  Cookie: (payload: string): Probe => header('Cookie', `a=1; c=${encodeURIComponent(payload)}`),
  'other header': (payload: string): Probe => header('X-Custom', payload),
  form: (payload: string): Probe => form({ a: 'b', field: payload }),
  JSON: (payload: string): Probe => json({ a: { b: [1, payload] } }),
  multipart: (payload: string): Probe => multipart({ head: 'name="a"', content: payload }),
  'text body': (payload: string): Probe => ({
    method: 'POST',
    target: '/in',
    headers: { 'Content-Type': 'text/plain' },
    body: payload,
  }),
  'XML text': (payload: string): Probe => xml(`<a><b>1</b><b>${escaped(payload)}</b></a>`),
  'XML CDATA': (payload: string): Probe => xml(`<a><![CDATA[${payload.replaceAll(']]>', ']]]]><![CDATA[>')}]]></a>`),
  'XML attribute': (payload: string): Probe => xml(`<a b="${escaped(payload)}"/>`, 'image/svg+xml'),
} as const satisfies Record<string, (payload: string) => Probe>

export type Place = keyof typeof places

function xml(body: string, type = 'text/xml; charset=utf-8'): Probe {
  return { method: 'POST', target: '/in', headers: { 'Content-Type': type }, body }
}

/** Nothing of the payload can be read without resolving references. */
function escaped(payload: string): string {
  return Array.from(payload, (character) => `&#${character.codePointAt(0)};`).join('')
}

function header(name: string, value: string): Probe {
  return { headers: { [name]: Buffer.from(value, 'utf8').toString('latin1') } }
}
