/**
 * Who asks about users who are not in their own contact list, and how often they are refused. A day has a budget of
 * distinct strangers: enough for a person, far too little to track thousands.
 *
 * Whether a stranger may be seen makes no difference to what is counted; so the budget tells nobody who has blocked them.
 */
import { type Asker, createAsker } from './askers.ts'
import type { Judgement, NodeAction } from './machine.ts'
import { type NodeState, storageTime } from './state.ts'

const DAY_MS = 86_400_000
/** Beyond so many refused users of a day they are not told apart any more. */
const MOST_COUNTED = 20_000

/** Counts what a viewer asks about. Says whether their budget allows it; what it does not allow is not counted. */
export function admitStrangers(
  node: NodeState,
  viewer: string,
  asked: readonly string[],
  { sights, strangers }: Judgement,
  now: number,
  out: NodeAction[],
): boolean {
  const denied = asked.filter((id) => !sights.has(id))
  if (strangers.length + denied.length === 0) return true
  const asker = askerOf(node, viewer, now)
  const { strangersPerDay } = node.config.limits
  const fresh = strangers.filter((id) => !asker.strangers.has(id))
  const isWithin = strangersPerDay === 0 || asker.strangers.size + fresh.length <= strangersPerDay
  if (isWithin && strangersPerDay > 0) for (const id of fresh) asker.strangers.add(id)
  for (const id of denied) if (asker.denied.size < MOST_COUNTED) asker.denied.add(id)
  if (!isWithin || asker.denied.size >= asker.alarmAt) raiseAlarm(asker, viewer, !isWithin, out)
  return isWithin
}

/** Once for a budget that is exceeded, and at each doubling of those who were refused. */
function raiseAlarm(asker: Asker, viewer: string, exceeds: boolean, out: NodeAction[]): void {
  const { denied, strangers } = asker
  if (denied.size < asker.alarmAt && asker.exceeded) return
  while (asker.alarmAt <= denied.size) asker.alarmAt *= 2
  asker.exceeded ||= exceeds
  const notice = { type: 'alarm', userId: viewer, denied: denied.size, strangers: strangers.size } as const
  out.push({ type: 'notify', notice })
}

function askerOf(node: NodeState, viewer: string, now: number): Asker {
  const { askers } = node
  const day = Math.floor(storageTime(node, now) / DAY_MS)
  if (day > askers.day) {
    askers.day = day
    askers.byUser.clear()
  }
  let asker = askers.byUser.get(viewer)
  if (!asker) {
    asker = createAsker()
    askers.byUser.set(viewer, asker)
  }
  return asker
}
