/**
 * The scripts of the directory of nodes. An entry is a hash:
 *
 * ```
 * lease    when the lease lapses               flushed  the instant of the last flush
 * silent   [[session, ageMs], …], as JSON      by       who has claimed it    claim  until when
 * ```
 *
 * and beside it a hash from session to user. An entry with `by` is lost for its own node.
 */
import { script } from './script.ts'

/** A deadline further ahead than a lease and this was written before the clock was stepped back. */
const SLACK_MS = 1_000

/** KEYS: index. ARGV: incarnation, lease. Lists it, and gives all that are listed, with their deadlines. */
export const LIST = script(`
if not late then redis.call('ZADD', KEYS[1], text(now + ARGV[5]), ARGV[4]) end
return { text(now), late and 'late' or 'kept', redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES') }
`)

/**
 * KEYS: entry, sessions. ARGV: '1' if this is the first, lease, storage time as the index has it, the silent ones, then those
 * gone. Gives the count of sessions, and the instant of the flush before.
 */
export const FLUSH = script(`
local before = redis.call('HGET', KEYS[1], 'flushed') or '0'
local function answer(outcome) return { text(now), outcome, redis.call('HLEN', KEYS[2]), before } end
if late then return answer('late') end
if redis.call('HEXISTS', KEYS[1], 'by') == 1 then return answer('claimed') end
if ARGV[4] == '' and redis.call('EXISTS', KEYS[1]) == 0 then return answer('missing') end
local listed = tonumber(ARGV[6])
redis.call('HSET', KEYS[1], 'lease', text(listed + ARGV[5]), 'flushed', text(math.min(listed, sent)), 'silent', ARGV[7])
for place = 8, #ARGV do redis.call('HDEL', KEYS[2], ARGV[place]) end
return answer('kept')
`)

/** KEYS: entry, sessions. ARGV: session and user, again and again. */
export const ENLIST = script(`
if late then return { text(now), 'late' } end
local lease, by = unpack(redis.call('HMGET', KEYS[1], 'lease', 'by'))
if not lease or by then return { text(now), 'lost' } end
for place = 4, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1]) end
return { text(now), 'done' }
`)

/** KEYS: entry, sessions. ARGV: who claims, and for how long. Gives the last flush, the silent ones, and all sessions. */
export const CLAIM = script(`
if late then return { text(now), 'late' } end
local lease, by, claim, flushed, silent = unpack(redis.call('HMGET', KEYS[1], 'lease', 'by', 'claim', 'flushed', 'silent'))
if not lease then return { text(now), 'gone' } end
local function runs(deadline) return now < tonumber(deadline) and tonumber(deadline) <= now + ARGV[5] + ${SLACK_MS} end
if not by and runs(lease) then return { text(now), 'alive', flushed } end
if by and by ~= ARGV[4] and runs(claim) then return { text(now), 'taken', flushed } end
redis.call('HSET', KEYS[1], 'by', ARGV[4], 'claim', text(now + ARGV[5]))
return { text(now), 'claimed', flushed, silent, redis.call('HGETALL', KEYS[2]) }
`)

/** KEYS: entry, sessions. ARGV: who has claimed it, then sessions. */
export const DISCHARGE = script(`
if late then return { text(now), 'late' } end
if redis.call('EXISTS', KEYS[1]) == 0 then return { text(now), 'gone' } end
if redis.call('HGET', KEYS[1], 'by') ~= ARGV[4] then return { text(now), 'lost' } end
for place = 5, #ARGV do redis.call('HDEL', KEYS[2], ARGV[place]) end
if redis.call('HLEN', KEYS[2]) > 0 then return { text(now), 'done' } end
redis.call('DEL', KEYS[1], KEYS[2])
return { text(now), 'gone' }
`)

/** KEYS: entry. Its lease lapses. */
export const RELEASE = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'lease', '0') end
return { text(now), 'done' }
`)
