/** Scripts that Redis runs in one atomic step, all fenced by a stamp. */
import { createHash } from 'node:crypto'
import type { Stamp } from '../storage/contract.ts'
import type { Argument } from './client.ts'
import type { Command } from './link.ts'

/** A script, by the name that Redis has for it too. */
export interface Script {
  readonly text: string
  readonly sha: string
}

/** The stamp of what needs none. */
export const ALWAYS: Stamp = Object.freeze({ sentAt: 0, toleranceMs: Number.POSITIVE_INFINITY })
/** A tolerance that nothing exceeds, in digits. */
const ANY_MS = 1e15

/**
 * What every script begins with. ARGV: how far this Redis' clock is ahead of storage time, `sentAt`, `toleranceMs`; a
 * script's own arguments begin at ARGV[4].
 * `text` writes a number as it is: Lua by itself rounds at 14 digits.
 */
const PREAMBLE = `
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000 - tonumber(ARGV[1]))
local sent = tonumber(ARGV[2])
local late = math.abs(now - sent) > tonumber(ARGV[3])
local function text(number) return string.format('%.17g', number) end
`
/** A script, from what follows the preamble. */
export function script(body: string): Script {
  const text = PREAMBLE + body
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** The command that runs a script; where Redis has forgotten it, its text is sent. */
export function runScript(
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly Argument[],
  offset: number,
  { sentAt, toleranceMs }: Stamp,
): Command {
  const rest = [keys.length, ...keys, offset, sentAt, Math.min(toleranceMs, ANY_MS), ...args]
  return {
    name: 'evalsha',
    args: [sha, ...rest],
    whenUnknown: { name: 'eval', args: [text, ...rest] },
  }
}
