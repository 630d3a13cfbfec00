import { resolve } from 'node:path'
import type { RedisStoreConfig } from './config.ts'
import { type Parsed, value, wrong } from './scalars.ts'

const defaultPort = 6379
const defaultPrefix = 'acme-edge:'
/** Beside edge.yaml: what a replica serves while Redis is lost. */
const defaultCache = 'cache'
const prefixPattern = /^[A-Za-z0-9._:@/-]{1,64}$/
const parameters = ['prefix', 'cache', 'ca', 'password_file'] as const
const form = 'redis://user:password@host:port/database'

/**
 * `redis://[user][:password]@host[:port][/database][?prefix=…&cache=…&password_file=…]`, as IANA has it registered; `rediss`
 * for TLS, with `ca` for a root of its own. Relative paths count from `folder`. No message repeats the text: it may hold a password.
 */
export function parseRedisUrl(text: string, folder: string): Parsed<RedisStoreConfig> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '' || url.hash !== '') return wrong(`not a Redis URL: write ${form}`)
  const database = /^\/?$/.test(url.pathname) ? '0' : url.pathname.slice(1)
  if (!/^\d{1,5}$/.test(database)) return wrong('the path of a Redis URL is the number of a database, such as /0')
  const unknown = [...url.searchParams.keys()].find((name) => !parameters.some((known) => known === name))
  if (unknown !== undefined) return wrong(`unknown parameter of a Redis URL; known are ${parameters.join(', ')}`)
  const doubled = parameters.find((name) => url.searchParams.getAll(name).length > 1)
  if (doubled !== undefined) return wrong(`${doubled} stands twice in the Redis URL`)
  const [prefix, cache, ca, passwordFile] = parameters.map((name) => url.searchParams.get(name) ?? undefined)
  if (prefix !== undefined && !prefixPattern.test(prefix))
    return wrong('prefix of a Redis URL takes 1 to 64 of A-Z, a-z, 0-9 and . _ : @ / -')
  const secret = decode(url.password)
  const username = decode(url.username)
  if (secret === undefined || username === undefined)
    return wrong('user and password of a Redis URL have to be percent-encoded')
  const tls = url.protocol === 'rediss:'
  if (ca !== undefined && !tls) return wrong('ca has no effect on redis://: write rediss:// for TLS')
  if (secret !== '' && passwordFile !== undefined) return wrong('the Redis URL has both a password and a password_file')
  if ([cache, ca, passwordFile].some((path) => path === '' || path?.includes('\0')))
    return wrong('a path in the Redis URL is empty')
  return value({
    kind: 'redis',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
    tls,
    database: Number(database),
    username: username === '' ? undefined : username,
    password: secret === '' ? undefined : secret,
    passwordFile: passwordFile && resolve(folder, passwordFile),
    ca: ca && resolve(folder, ca),
    prefix: prefix ?? defaultPrefix,
    folder: resolve(folder, cache ?? defaultCache),
  })
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
