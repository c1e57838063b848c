/** What was before the demo began: a demo without a past would have nobody who was last seen yesterday. */
import type { StorageAdapter, Swap } from 'presencekit/server'
import type { ChatMessage } from '../chat-message.ts'
import type { Person } from '../people.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long ago each was last seen, in turn: from minutes to days. */
const LAST_SEEN_AGES_MS = [
  12 * MINUTE_MS,
  26 * HOUR_MS,
  47 * MINUTE_MS,
  3.2 * HOUR_MS,
  74 * HOUR_MS,
  28 * MINUTE_MS,
  49.5 * HOUR_MS,
]

/** Puts a last seen into the storage for people, as one does who brings it along from a system before. */
export async function rememberEarlier(storage: StorageAdapter, people: readonly Person[]): Promise<void> {
  const now = Date.now()
  const { records } = await storage.read(people.map(({ id }) => id))
  const swaps = people.flatMap(({ id }, index): Swap[] => {
    const expected = records[index]
    const ageMs = LAST_SEEN_AGES_MS[index % LAST_SEEN_AGES_MS.length] ?? 0
    const gone = { sessions: [], choice: null, lastSeenAccuracy: 'exact', reason: 'leave' } as const
    const record = { ...gone, lastSeen: now - ageMs }
    return expected ? [{ id, expected, version: expected.version + 1, record }] : []
  })
  await storage.swap(swaps, { sentAt: now, toleranceMs: HOUR_MS })
}

/** Some talk to begin with. */
export function earlierMessages(now: number): ChatMessage[] {
  const talk: readonly (readonly [from: string, to: string, minutesAgo: number, text: string])[] = [
    ['kavya', 'ada', 64, 'The venue is booked, see you Thursday.'],
    ['bob', 'ada', 11, 'Are you at your desk?'],
    ['ada', 'bob', 9, 'I am. My dot is green, isn’t it?'],
    ['bob', 'ada', 8, 'It is. Pull your cable out, I want to see how fast I notice.'],
    ['ada', 'bob', 6, 'After three seconds of grace.'],
  ]
  return talk.map(([from, to, minutesAgo, text], index) => ({
    id: index + 1,
    from,
    to,
    text,
    at: now - minutesAgo * MINUTE_MS,
  }))
}
