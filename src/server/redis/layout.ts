/** The layout of the keys, noted in Redis: two versions of it under one prefix would not see each other. */
import { PresenceError } from '../../core/errors.ts'
import { type Keys, LAYOUT } from './keys.ts'
import type { Link, Span } from './link.ts'
import type { Outcome } from './settle.ts'

/** Gives what notes the layout where there is none, and rejects where there is another. Asked until it is known. */
export function createLayoutCheck(link: Link, { layout }: Keys): (span: Span) => Promise<void> | undefined {
  let isKnown = false
  let asking: Promise<void> | undefined
  const check = async (span: Span): Promise<void> => {
    const outcomes = await link.send(
      [
        { name: 'set', args: [layout, LAYOUT, 'NX'] },
        { name: 'get', args: [layout] },
      ],
      span,
    )
    compare(outcomes)
    isKnown = true
  }
  return (span) => {
    if (isKnown) return undefined
    asking ??= check(span).finally(() => {
      asking = undefined
    })
    return asking
  }
}

function compare([set, get]: readonly Outcome[]): void {
  if (set?.error) throw set.error
  if (!get || get.error) throw get?.error ?? new PresenceError('UNAVAILABLE', 'Redis did not tell the layout')
  if (get.reply === LAYOUT) return
  throw new PresenceError(
    'CONFIG',
    `prefix: the keys in Redis have the layout "${String(get.reply)}", this version knows "${LAYOUT}"; take another prefix`,
  )
}
