import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { parseAddress } from '../acme/local-ca/ip-range.ts'
import { isHostName } from '../acme/local-ca/local-name.ts'
import { EdgeError } from '../errors.ts'

export interface ListenFlag {
  readonly host: string
  readonly port: number
}

const hourMs = 3_600_000
const lifeUnits = { m: 60_000, h: hourMs, d: 24 * hourMs } as const
/** Shorter ones cannot be renewed in time; longer ones outlive what revocation is worth without a check of it. */
const lifeBounds = { leastMs: 600_000, mostMs: 90 * 24 * hourMs }

/** Lines of `kid key`; empty ones and those that begin with # are skipped. The keys stay off the command line. */
export async function readExternalAccounts(file: string | undefined): Promise<ReadonlyMap<string, Buffer> | undefined> {
  if (file === undefined) return undefined
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw usage(`--eab-file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const entries = lines
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map((each) => parseEabLine(each, file))
  if (entries.length === 0) throw usage(`--eab-file ${file} holds no key`)
  if (new Set(entries.map(([kid]) => kid)).size < entries.length) throw usage(`--eab-file ${file} has a kid twice`)
  return new Map(entries)
}

/** RFC 7518 §3.2: a key for HS256 has at least 256 bits. */
function parseEabLine({ line, number }: { line: string; number: number }, file: string): [string, Buffer] {
  const [, kid = '', encoded = ''] = /^([\w.~-]{1,100})\s+([\w-]+)={0,2}$/.exec(line) ?? []
  const key = Buffer.from(encoded, 'base64url')
  if (key.length >= 32) return [kid, key]
  throw usage(`--eab-file ${file}, line ${number}: write a kid, a space and a base64url key of at least 32 bytes`)
}

export function parseListen(text: string): ListenFlag {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? ''
  if (isIP(host) !== 0 && Number(port) <= 65_535) return { host: parseAddress(host) ?? host, port: Number(port) }
  throw usage(`--listen takes an address and a port, such as 127.0.0.1:14000 or [::]:443, not ${text.slice(0, 80)}`)
}

export function parseHost(text: string): string {
  const host = text.toLowerCase()
  if (isHostName(host) || parseAddress(host) === host) return host
  throw usage(`--host takes a host name or an address, not ${text.slice(0, 80)}`)
}

export function parseDns(text: string): string {
  if (isIP(text) !== 0 || /^(\[[0-9a-f:.]+\]|[\d.]+):\d{1,5}$/i.test(text)) return text
  throw usage(`--dns takes an address, or address:port, not ${text.slice(0, 80)}`)
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw usage(`a port is a number from 1 to 65535, not ${text.slice(0, 40)}`)
}

export function parseLife(text: string): number {
  const [, amount, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  const ms = Number(amount) * lifeUnits[(unit ?? 'm') as keyof typeof lifeUnits] // the pattern has these three
  if (ms >= lifeBounds.leastMs && ms <= lifeBounds.mostMs) return ms
  throw usage(`--life takes a time from 10m to 90d, such as 24h, not ${text.slice(0, 40)}`)
}

export function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw usage(`a limit is a whole number from 1 to 999999, not ${text.slice(0, 40)}`)
}

const usage = (message: string): EdgeError => new EdgeError('ACME_EDGE_USAGE', message)
