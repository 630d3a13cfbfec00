import { redisScript, serverTime } from '../store/redis-script.ts'

/**
 * The replicas' share of Redis: `sequence` counts what was announced; `replicas` has when each replica's lease ends, by the server's clock;
 * `applied` how far each of them has come; `challenges` what is active. Each script is atomic.
 */

/** Of a replica whose lease has ended for so long nothing is kept. */
const FORGET_MS = 60_000

/** KEYS: sequence, challenges. The sequence, then every announcement of an active challenge; expired ones are forgotten. */
export const snapshot = redisScript(`
${serverTime}
local reply = {tonumber(redis.call('GET', KEYS[1]) or '0')}
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local isRead, announcement = pcall(cjson.decode, all[i + 1])
  local expires = isRead and type(announcement) == 'table' and type(announcement.challenge) == 'table'
    and tonumber(announcement.challenge.expiresAtMs) or 0
  if expires > now then reply[#reply + 1] = all[i + 1] else redis.call('HDEL', KEYS[2], all[i]) end
end
return reply
`)

/**
 * KEYS: replicas, applied, sequence. ARGV: id, lease, how far it has come, whether that may be less than the sequence (1 or 0).
 * Answers 1, or 0: something was announced since, and nothing was done. So whoever is registered has all that is published.
 */
export const register = redisScript(`
${serverTime}
if ARGV[4] == '0' and (redis.call('GET', KEYS[3]) or '0') ~= ARGV[3] then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
`)

/** KEYS: replicas, applied, sequence. ARGV: id, lease. Answers the sequence of now, or -1: the lease has ended. */
export const beat = redisScript(`
${serverTime}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', now - ${FORGET_MS}, 'BYSCORE')) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
local ends = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0')
if ends <= now then return -1 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return tonumber(redis.call('GET', KEYS[3]) or '0')
`)

/** KEYS: replicas, applied. ARGV: id. */
export const leave = redisScript(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
return 1
`)

/**
 * KEYS: sequence, challenges. ARGV: channel, announcement, what becomes of the field in `challenges` (`set`, `drop`, `keep`), the
 * field, and whose publication it is: a later one is not dropped. Answers the number that the announcement got.
 */
export const announce = redisScript(`
if ARGV[3] == 'set' then redis.call('HSET', KEYS[2], ARGV[4], ARGV[2]) end
if ARGV[3] == 'drop' then
  local isRead, stored = pcall(cjson.decode, redis.call('HGET', KEYS[2], ARGV[4]) or '')
  if ARGV[5] == '' or not isRead or type(stored) ~= 'table' or stored.by == ARGV[5] then redis.call('HDEL', KEYS[2], ARGV[4]) end
end
local number = redis.call('INCR', KEYS[1])
redis.call('PUBLISH', ARGV[1], string.format('%.0f', number) .. ' ' .. ARGV[2])
return number
`)

/** KEYS: replicas, applied. ARGV: id, how far it has come, channel. */
export const acknowledge = redisScript(`
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[1])
return 1
`)

/** KEYS: replicas, applied. ARGV: number. How many live replicas have not come so far. */
export const laggards = redisScript(`
${serverTime}
local count = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], '(' .. string.format('%.0f', now), '+inf', 'BYSCORE')) do
  if tonumber(redis.call('HGET', KEYS[2], id) or '0') < tonumber(ARGV[1]) then count = count + 1 end
end
return count
`)
