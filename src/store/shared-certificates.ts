import { hash } from 'node:crypto'
import { toEdgeError } from '../errors.ts'
import { field } from '../log.ts'
import { type CertificateSet, splitPem } from './certificate-set.ts'
import { certificateFolders, installCertificate, loadCertificate } from './certificates.ts'
import type { Store } from './contract.ts'
import type { RedisLink } from './redis-link.ts'
import { type RedisReply, redisScript, serverTime } from './redis-script.ts'
import { decodeRecord, encodeRecord } from './store-record.ts'
import type { WarningLog } from './warning-log.ts'

/** Certificates of a folder that other machines have, too. All of it throws the ACME_EDGE_STORE_… errors. */
export interface SharedCertificates {
  /**
   * Brings into the folder what others have installed since, and hands over what they do not have. Answers what the folder
   * has then: by name, something that changes with the certificate. Costs one command where nothing has changed.
   */
  pull(): Promise<ReadonlyMap<string, string>>
  /** The same of what the folder has as it is; asks nobody. */
  present(): Promise<ReadonlyMap<string, string>>
  /**
   * Hands the certificate of the folder to the others, unless somebody has installed a later one meanwhile: then that one
   * is brought into the folder, and the answer is `false`.
   */
  push(name: string): Promise<boolean>
}

export interface SharedCertificatesParts {
  readonly redis: RedisLink
  readonly folder: string
  /** The store of this machine: it remembers which generations the folder has. */
  readonly local: Store
  readonly log: WarningLog
}

/** What the folder has of one certificate: since when it is the shared one, and how it looked then. */
interface Known {
  readonly generation: number
  readonly digest: string
}

type Index = Map<string, Known>

/** The channel on which Redis says that a certificate was handed over. Who does not hear it finds it at the next pull. */
const certificateChannel = 'certificates'
const indexKey = 'shared-certificates.json'
const lockName = 'shared-certificates'
/** Processes of this machine that share the folder take turns; one that fetches ten thousand certificates takes a while. */
const LOCK_MS = 120_000
/** Certificates that are fetched and installed at a time. */
const WIDTH = 8

/**
 * Redis holds the truth: `certificate:<name>` is key and chain as one checksummed value (with a copy), and `live` the
 * generation of each name, which grows. A certificate is replaced only by who knows its generation, so that a process which
 * was paused does not put an old one in the place of a new one. The folder is a copy that serves on without Redis; when
 * Redis has lost its data, it is where they come back from.
 */
export function shareCertificates(parts: SharedCertificatesParts): SharedCertificates {
  let seen = ''
  return {
    async pull() {
      const state = await stateOf(parts)
      const [names, index] = await Promise.all([certificateFolders(parts.folder), readIndex(parts.local)])
      // A name that is unknown was installed by hand, or by a process that ended before it could hand it over.
      if (state === seen && names.every((name) => index.has(name))) return digests(index)
      return withIndex(parts, async (current) => {
        const isComplete = await reconcile(parts, current)
        seen = isComplete ? state : '' // what was installed while we read has a state of its own
        return digests(current)
      })
    },
    present: async () => digests(await readIndex(parts.local)),
    push: (name) => withIndex(parts, (index) => handOver(parts, index, name)),
  }
}

/** Whether the folder has all that is shared then. */
async function reconcile(parts: SharedCertificatesParts, index: Index): Promise<boolean> {
  const shared = await generations(parts.redis)
  const isNewer = ([name, generation]: [string, number]) => generation > (index.get(name)?.generation ?? 0)
  const later = [...shared].filter(isNewer)
  await inLanes(later, async ([name, generation]) => {
    await bring(parts, index, { name, generation }).catch((error) => noteSkipped(parts, name, error))
  })
  const lost = [...index.keys()].filter((name) => (shared.get(name) ?? 0) < (index.get(name)?.generation ?? 0))
  const own = (await certificateFolders(parts.folder)).filter((name) => !index.has(name))
  await inLanes([...lost, ...own], async (name) => {
    // One that cannot be read here must not keep the others from being shared.
    await handOver(parts, index, name).catch((error) => noteSkipped(parts, name, error))
  })
  return !later.some(isNewer)
}

/** Installs the shared certificate in the folder; `false` when it is there already, or cannot be used. */
async function bring(
  parts: SharedCertificatesParts,
  index: Index,
  { name, generation }: { readonly name: string; readonly generation: number },
): Promise<boolean> {
  const set = await fetchSet(parts, name)
  if (set === undefined) {
    // Without its number it counts as lost, and who has it hands it over again.
    await parts.redis.run('UNWRITABLE', forget, { keys: [parts.redis.key('live')], values: [name, generation] })
    return false
  }
  const digest = digestOf(set)
  const present = await loadCertificate(parts.folder, name).catch(() => undefined)
  const isPresent = present !== undefined && digestOf(present) === digest
  if (!isPresent) await installCertificate(parts.folder, { name, ...set })
  index.set(name, { generation, digest })
  return !isPresent
}

async function handOver(parts: SharedCertificatesParts, index: Index, name: string): Promise<boolean> {
  const { redis, folder, log } = parts
  const present = await loadCertificate(folder, name)
  if (present === undefined) return true
  const { fullChainPem, privateKeyPem, directory } = present
  const digest = digestOf(present)
  const known = index.get(name)
  // The same set keeps its generation: a replica that was away longest must not make its old certificate the newest.
  const own = known?.digest === digest ? known.generation : 0
  const record = encodeRecord(Buffer.from(JSON.stringify({ fullChainPem, privateKeyPem, directory })))
  const keys = [redis.key('live'), ...valueKeys(redis, name), redis.key(certificateChannel)]
  const reply = await redis.run('UNWRITABLE', put, { keys, values: [name, record, known?.generation ?? 0, own] })
  const [isPut, generation] = (reply as readonly RedisReply[]).map(Number) // as the script says
  if (isPut === 1) {
    index.set(name, { generation: Number(generation), digest })
    return true
  }
  const isReplaced = await bring(parts, index, { name, generation: Number(generation) })
  if (isReplaced)
    log.warn({ [field.name]: name }, 'another replica has installed a later certificate; that one is kept')
  return !isReplaced
}

/** The shared set; a damaged value is logged, and its copy taken. */
async function fetchSet({ redis, log }: SharedCertificatesParts, name: string): Promise<CertificateSet | undefined> {
  const values = (await redis.run('UNREADABLE', fetch, { keys: valueKeys(redis, name) })) as readonly (Buffer | null)[]
  for (const record of values) {
    const value = record && decodeRecord(record)
    if (value) return JSON.parse(value.toString()) as CertificateSet // checksummed: written by handOver()
  }
  log.warn({ [field.name]: name }, 'a certificate in Redis is damaged; the one of this machine is kept')
  return undefined
}

async function stateOf({ redis }: SharedCertificatesParts): Promise<string> {
  return String(await redis.run('UNREADABLE', state, { keys: [redis.key('live')] }))
}

function digests(index: Index): Map<string, string> {
  return new Map([...index].map(([name, { digest }]) => [name, digest]))
}

async function generations(redis: RedisLink): Promise<Map<string, number>> {
  const reply = (await redis.run('UNREADABLE', list, { keys: [redis.key('live')] })) as readonly RedisReply[]
  const found = new Map<string, number>()
  for (let i = 0; i + 1 < reply.length; i += 2) found.set(String(reply[i]), Number(reply[i + 1]))
  return found
}

async function withIndex<T>({ local }: SharedCertificatesParts, work: (index: Index) => Promise<T>): Promise<T> {
  const lock = await local.lock(lockName, AbortSignal.timeout(LOCK_MS))
  try {
    const index = await readIndex(local)
    const before = JSON.stringify([...index])
    try {
      return await work(index)
    } finally {
      if (JSON.stringify([...index]) !== before)
        await local.write(indexKey, JSON.stringify(Object.fromEntries(index)), { lock })
    }
  } finally {
    await lock.release()
  }
}

/** A damaged index is an empty one: all is compared anew. */
async function readIndex(local: Store): Promise<Index> {
  const bytes = await local.read(indexKey).catch(() => undefined)
  return new Map(Object.entries(JSON.parse(bytes?.toString() ?? '{}') as Record<string, Known>)) // checksummed: our own
}

function noteSkipped({ log, redis }: SharedCertificatesParts, name: string, error: unknown): void {
  if (redis.connection === undefined) throw error // so it is for all others
  const { message } = toEdgeError(error)
  log.warn({ [field.name]: name, [field.error]: message }, 'a certificate is not the same on all machines')
}

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all]
  const lane = async () => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: WIDTH }, lane))
}

/** The same for the same certificates and key, however the PEM text is broken into lines between them. */
function digestOf({ fullChainPem, privateKeyPem }: CertificateSet): string {
  return hash('sha256', `${splitPem(fullChainPem).join('\n')}\0${privateKeyPem.trim()}`, 'base64')
}

function valueKeys(redis: RedisLink, name: string): [string, string] {
  return [redis.key('certificate', name), redis.key('certificate-copy', name)]
}

/**
 * ARGV: name, record, the generation that the folder knows (0: none), and the one that this very set had (0: it is new).
 * Whoever knows an older generation than the shared one is refused, and told the shared one.
 */
const put = redisScript(`
local shared = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0')
local own = tonumber(ARGV[4])
if shared > tonumber(ARGV[3]) or own > 0 and shared == own then
  return {shared == own and 1 or 0, string.format('%.0f', shared)}
end
if own == 0 then
  ${serverTime}
  own = math.max(shared + 1, now)
end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[2])
redis.call('ZADD', KEYS[1], string.format('%.0f', own), ARGV[1])
redis.call('PUBLISH', KEYS[4], ARGV[1])
return {1, string.format('%.0f', own)}
`)

/** ARGV: name, generation. One that was replaced meanwhile stays. */
const forget = redisScript(`
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0') ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
`)

const fetch = redisScript(`return redis.call('MGET', KEYS[1], KEYS[2])`)

/** In RESP3, too, names and scores take turns: scripts get the older form of replies. */
const list = redisScript(`return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')`)

/** Changes with every certificate that is installed: how many there are, and the latest generation. */
const state = redisScript(`
local last = redis.call('ZRANGE', KEYS[1], 0, 0, 'REV', 'WITHSCORES')
return redis.call('ZCARD', KEYS[1]) .. ' ' .. (last[2] or '')
`)
