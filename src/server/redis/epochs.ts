/** The epochs of the buckets: a bucket that was lost begins one that is greater than every one seen before. */
import { PresenceError } from '../../core/errors.ts'
import type { Drift } from './drift.ts'
import type { Keys } from './keys.ts'
import type { Link, Span } from './link.ts'
import { ALWAYS, runScript, script } from './script.ts'
import { slotOf } from './slot.ts'

/** What is known of the epochs. */
export interface Epochs {
  /** The greatest that was ever seen here; 0: none. */
  readonly greatest: number
  /** One was seen. */
  note(epoch: number): void
  /** Reads all, begins those that are missing, and gives the greatest. Fails only where no part of the storage answers. */
  refresh(span: Span): Promise<number>
}

/** KEYS: epochs. ARGV: the greatest that is known. Gives what stands there now. */
const BEGIN = script(`
local epochs = {}
for place, key in ipairs(KEYS) do
  local epoch = redis.call('GET', key)
  if not epoch then
    epoch = text(math.max(now, ARGV[4] + 1))
    redis.call('SET', key, epoch)
  end
  epochs[place] = epoch
end
return { text(now), 'done', epochs }
`)

/** @param parts - the keys of the epochs; those of one part are read by one command */
export function createEpochs(link: Link, parts: readonly Keys['epochs'][], drift: Drift): Epochs {
  let greatest = 0
  const note = (epoch: number): void => {
    if (epoch > greatest) greatest = epoch
  }
  const noteAll = (texts: readonly unknown[]): void => {
    for (const text of texts)
      if (typeof text === 'string' && Number.isSafeInteger(Number(text))) note(Number(text))
  }

  const begin = async (missing: readonly (readonly string[])[], span: Span): Promise<void> => {
    const commands = missing.map((keys) =>
      runScript(BEGIN, keys, [greatest], drift.at(slotOf(keys[0] ?? '')), ALWAYS),
    )
    for (const outcome of await link.send(commands, span)) {
      if (outcome.error) continue
      const [, , epochs] = outcome.reply as unknown[]
      if (Array.isArray(epochs)) noteAll(epochs)
    }
  }

  return {
    get greatest() {
      return greatest
    },
    note,
    async refresh(span) {
      const outcomes = await link.send(
        parts.map((keys) => ({ name: 'mget', args: keys })),
        span,
      )
      const errors = outcomes.flatMap(({ error }) => error ?? [])
      if (errors.length === parts.length) throw errors[0] ?? new PresenceError('UNAVAILABLE', 'No epoch')
      const missing = parts.filter((_, part) => {
        const found = replyOf(outcomes[part])
        noteAll(found)
        return found.includes(null)
      })
      if (missing.length > 0) await begin(missing, span)
      return greatest
    },
  }
}

function replyOf(outcome: { error: unknown; reply?: unknown } | undefined): unknown[] {
  return Array.isArray(outcome?.reply) ? outcome.reply : []
}
