import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'undici'
import type { Pebble } from './pebble.ts'

/** Makes Pebble say this of a certificate (RFC 9773 §4.2), whatever it is; the chain begins with it. */
export async function setRenewalInfo(pebble: Pebble, chainPem: string, info: object): Promise<void> {
  const dispatcher = new Agent({ connect: { ca: await readFile(pebble.rootCa, 'utf8') } })
  const certificate = new X509Certificate(chainPem).toString()
  const body = JSON.stringify({ certificate, ariResponse: JSON.stringify(info) })
  const url = `${pebble.management}/set-renewal-info/`
  const response = await request(url, { dispatcher, method: 'POST', body, headers: { 'user-agent': 'test' } })
  const text = await response.body.text()
  await dispatcher.close()
  if (response.statusCode !== 200) throw new Error(`Pebble answered ${response.statusCode}: ${text}`)
}

/** A window that lies some days before (or after) now. */
export function windowAt(days: number): object {
  const at = (hours: number) => new Date(Date.now() + days * 86_400_000 + hours * 3_600_000).toISOString()
  return { suggestedWindow: { start: at(0), end: at(1) } }
}
