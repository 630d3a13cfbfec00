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
} as const satisfies Record<string, (payload: string) => Probe>

export type Place = keyof typeof places

function header(name: string, value: string): Probe {
  return { headers: { [name]: Buffer.from(value, 'utf8').toString('latin1') } }
}
