import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isOnline,
  type OfflineReason,
  type SessionActivity,
  type StatusChoice,
} from '../../src/core/model.ts'
import {
  EMPTY_RECORD,
  isInvisible,
  type SessionEntry,
  type UserRecord,
  viewOf,
} from '../../src/core/record.ts'
import { applyChange, type RecordChange } from '../../src/core/record-change.ts'

const NOW = 1_000_000

const open = (
  id: string,
  previous: string | null = null,
  activity: SessionActivity = 'online',
): RecordChange => ({
  type: 'open',
  session: { id, node: 'node', activity },
  previous,
})
const end = (session: string, at = NOW, reason: OfflineReason = 'leave'): RecordChange => ({
  type: 'end',
  session,
  reason,
  at,
  accuracy: 'exact',
})
const activity = (session: string, value: SessionActivity): RecordChange => ({
  type: 'activity',
  session,
  activity: value,
})
const choose = (
  status: StatusChoice,
  { text, until = null, at = NOW }: { text?: string | null; until?: number | null; at?: number } = {},
): RecordChange => ({ type: 'choose', status, text, until, at })

const apply = (record: UserRecord, ...changes: readonly RecordChange[]): UserRecord =>
  changes.reduce((before, change) => applyChange(before, change, NOW), record)
const after = (...changes: readonly RecordChange[]): UserRecord => apply(EMPTY_RECORD, ...changes)
const statusOf = (record: UserRecord, now = NOW) => viewOf(record, now).status

/** Arbitrary choices say how long they hold; this makes an instant of it. */
const anchored = (change: RecordChange, now: number): RecordChange =>
  change.type === 'choose' && change.until !== null ? { ...change, until: now + change.until } : change

/** Few sessions, so that changes meet. */
const anySession = fc.constantFrom('a', 'b', 'c')
const anyActivity = fc.constantFrom<SessionActivity>('online', 'away')
const anyReason = fc.constantFrom<OfflineReason>('leave', 'expire', 'drop', 'node')
const anyChange: fc.Arbitrary<RecordChange> = fc.oneof(
  fc
    .tuple(anySession, fc.option(anySession), anyActivity)
    .map(([id, previous, value]) => open(id, previous, value)),
  fc.tuple(anySession, anyActivity).map(([id, value]) => activity(id, value)),
  fc.tuple(anySession, fc.integer({ min: NOW - 100, max: NOW + 100 }), anyReason, fc.boolean()).map(
    ([id, at, reason, exact]): RecordChange => ({
      ...(end(id, at, reason) as Extract<RecordChange, { type: 'end' }>),
      accuracy: exact ? 'exact' : 'approximate',
    }),
  ),
  fc
    .record({
      status: fc.constantFrom<StatusChoice>('online', 'away', 'busy', 'invisible', 'auto'),
      text: fc.constantFrom(undefined, null, '', 'words'),
      until: fc.constantFrom(null, 1, 100),
    })
    .map(({ status, ...rest }) => ({ type: 'choose' as const, status, at: NOW, ...rest })),
  fc.constant<RecordChange>({ type: 'lapse' }),
)
/** Each with the time that passes before it. */
const anyHistory = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), anyChange), { maxLength: 25 })

/** Plays a history, calling back around each change. */
function play(
  history: readonly (readonly [number, RecordChange])[],
  look: (before: UserRecord, change: RecordChange, result: UserRecord, now: number) => void = () => {},
): readonly [UserRecord, number] {
  let record = EMPTY_RECORD
  let now = NOW - 300
  for (const [pause, unanchored] of history) {
    now += pause
    const change = anchored(unanchored, now)
    const result = applyChange(record, change, now)
    look(record, change, result, now)
    record = result
  }
  return [record, now]
}

describe('sessions', () => {
  it('a user who has never connected is offline, and was never seen', () => {
    expect(viewOf(EMPTY_RECORD, NOW)).toEqual({
      status: 'offline',
      lastSeen: null,
      lastSeenAccuracy: null,
      reason: null,
      statusText: null,
      stale: false,
    })
  })

  it('the liveliest speaks for the user', () => {
    expect(statusOf(after(open('a', null, 'away')))).toBe('away')
    expect(statusOf(after(open('a', null, 'away'), open('b')))).toBe('online')
    expect(statusOf(after(open('a', null, 'away'), open('b'), activity('b', 'away')))).toBe('away')
  })

  it('the end of the last one shows when and why', () => {
    const record = after(open('a'), end('a', NOW - 50, 'drop'))
    expect(viewOf(record, NOW)).toMatchObject({
      status: 'offline',
      lastSeen: NOW - 50,
      lastSeenAccuracy: 'exact',
      reason: 'drop',
    })
  })

  it('S15: of k sessions, the ends of k − 1 change nothing that can be seen', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        anyActivity,
        fc.constantFrom<RecordChange | null>(null, choose('busy', { text: 'words' }), choose('invisible')),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        anyReason,
        (count, value, choice, chance, reason) => {
          const names = Array.from({ length: count }, (_, index) => `s${index}`)
          const opened = after(...names.map((id) => open(id, null, value)))
          const before = choice ? apply(opened, choice) : opened
          const shuffled = names
            .map((id) => [id, chance.next().value ?? 0] as const)
            .sort(([, a], [, b]) => a - b)
            .map(([id]) => id)
          let record = before
          for (const id of shuffled.slice(1)) {
            record = apply(record, end(id, NOW + 7, reason))
            expect(viewOf(record, NOW)).toEqual(viewOf(before, NOW))
          }
          expect(record.sessions.map(({ id }) => id)).toEqual(shuffled.slice(0, 1))
        },
      ),
    )
  })

  it('S15: a user is online exactly as long as a session is there, whatever else happens', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const live = new Set<string>()
        play(history, (_, change, result, now) => {
          if (change.type === 'open') {
            if (change.previous !== null) live.delete(change.previous)
            live.add(change.session.id)
          }
          if (change.type === 'end') live.delete(change.session)
          expect(new Set(result.sessions.map(({ id }) => id))).toEqual(live)
          expect(isOnline(statusOf(result, now))).toBe(live.size > 0 && !isInvisible(result))
        })
      }),
      { numRuns: 1_000 },
    )
  })

  it('S12: a superseded session stays out though the same changes are applied once more', () => {
    const changes = [open('a'), open('b', 'a')]
    expect(after(...changes, ...changes).sessions.map(({ id }) => id)).toEqual(['b'])
  })

  it('S12: a refresh or an end of a session that is gone changes nothing', () => {
    fc.assert(
      fc.property(anyHistory, anyActivity, anyReason, fc.integer(), (history, value, reason, at) => {
        const [record, now] = play(history)
        const current = applyChange(record, { type: 'lapse' }, now)
        const gone = ['a', 'b', 'c', 'never was'].filter(
          (id) => !record.sessions.some((entry) => entry.id === id),
        )
        for (const id of gone) {
          expect(applyChange(current, activity(id, value), now)).toBe(current)
          expect(applyChange(current, end(id, at, reason), now)).toBe(current)
        }
      }),
    )
  })

  it('S12: a return supersedes the session before, whose late end says nothing', () => {
    const returned = after(open('a'), open('b', 'a'))
    expect(returned.sessions.map(({ id }) => id)).toEqual(['b'])
    expect(apply(returned, end('a', NOW, 'drop'))).toBe(returned)
    expect(apply(returned, activity('a', 'away'))).toBe(returned)
    expect(statusOf(returned)).toBe('online')
  })

  it('S10: a return shows nothing but what was there', () => {
    const before = after(open('a', null, 'away'), choose('busy', { text: 'words' }))
    expect(viewOf(apply(before, open('b', 'a', 'away')), NOW)).toEqual(viewOf(before, NOW))
  })

  it('a session that follows itself, or one that is not there, is just open', () => {
    expect(after(open('a', 'a')).sessions).toHaveLength(1)
    expect(after(open('a'), open('b', 'gone')).sessions.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('are known by their whole name, however it reads', () => {
    const record = after(open('__proto__'), open('constructor'))
    expect(record.sessions).toHaveLength(2)
    expect(apply(record, end('toString'))).toBe(record)
    expect(apply(record, end('__proto__'), end('constructor')).sessions).toEqual([])
  })
})

describe('changes', () => {
  it('S12: applied twice are applied once', () => {
    fc.assert(
      fc.property(anyHistory, anyChange, (history, unanchored) => {
        const [record, now] = play(history)
        const change = anchored(unanchored, now)
        const once = applyChange(record, change, now)
        expect(applyChange(once, change, now)).toBe(once)
      }),
      { numRuns: 2_000 },
    )
  })

  it('S12: applied again later change nothing more, unless a choice has lapsed meanwhile', () => {
    fc.assert(
      fc.property(anyHistory, anyChange, fc.nat({ max: 1_000 }), (history, unanchored, pause) => {
        const [record, now] = play(history)
        const change = anchored(unanchored, now)
        const once = applyChange(record, change, now)
        if (once.choice?.until != null && once.choice.until <= now + pause) return
        expect(applyChange(once, change, now + pause)).toBe(once)
      }),
      { numRuns: 2_000 },
    )
  })

  it('leave alone what they are given, and give the same back where nothing changes', () => {
    const frozen = (record: UserRecord): UserRecord => {
      for (const part of [record, record.sessions, ...record.sessions, record.choice]) Object.freeze(part)
      return record
    }
    fc.assert(
      fc.property(anyHistory, (history) => {
        play(history, (before, change, result, now) => {
          frozen(before)
          const again = applyChange(before, change, now)
          expect(again).toEqual(result)
          if (JSON.stringify(again) === JSON.stringify(before)) expect(again).toBe(before)
        })
      }),
    )
  })

  it('leave alone what a newer version has put there', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 25 }), (changes) => {
        const newer: UserRecord & { later: string } = { ...EMPTY_RECORD, later: 'kept' }
        const coming = { ...open('a'), unseenMs: 10 } as RecordChange
        const all = [{ type: 'kick' }, { type: 'invalidate' }, coming, ...changes, { type: 'lapse' }] as const
        all.reduce<UserRecord>((record, change, index) => {
          const now = NOW + index
          const next = applyChange(record, anchored(change, now), now)
          expect(next).toMatchObject({ later: 'kept' })
          return next
        }, newer)
      }),
    )
  })

  it('leave a record that survives JSON', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const [record] = play(history)
        expect(JSON.parse(JSON.stringify(record))).toEqual(record)
      }),
    )
  })
})

describe('last seen', () => {
  it('S5: never falls, whatever the order of the ends', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        play(history, (before, _, result) => {
          expect(result.lastSeen ?? -1).toBeGreaterThanOrEqual(before.lastSeen ?? -1)
        })
      }),
      { numRuns: 1_000 },
    )
  })

  it('S5: a proof of life of before does not make it less exact', () => {
    const exact = after(open('a'), open('b'), end('a', NOW, 'leave'))
    const crash = {
      ...(end('b', NOW - 1, 'node') as Extract<RecordChange, { type: 'end' }>),
      accuracy: 'approximate' as const,
    }
    expect(viewOf(apply(exact, crash), NOW)).toMatchObject({
      lastSeen: NOW,
      lastSeenAccuracy: 'exact',
      reason: 'node',
    })
  })

  it('S6: is marked as approximate where it is', () => {
    const crash = {
      ...(end('a', NOW - 9, 'node') as Extract<RecordChange, { type: 'end' }>),
      accuracy: 'approximate' as const,
    }
    expect(viewOf(after(open('a'), crash), NOW)).toMatchObject({
      lastSeen: NOW - 9,
      lastSeenAccuracy: 'approximate',
    })
  })

  it('S6: is never shown in the future', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: -500, max: 500 }), (history, step) => {
        const [record, now] = play(history)
        expect(viewOf(record, now + step).lastSeen ?? -1).toBeLessThanOrEqual(now + step)
      }),
    )
  })

  it('S7: is shown to nobody while the user is online', () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const [record, now] = play(history)
        const view = viewOf(record, now)
        if (view.status === 'offline') expect(view.statusText).toBeNull()
        else expect(view).toMatchObject({ lastSeen: null, lastSeenAccuracy: null, reason: null })
      }),
    )
  })
})

describe('choices', () => {
  it.each(['online', 'away', 'busy'] as const)('%s is shown instead of what the sessions say', (status) => {
    for (const value of ['online', 'away'] as const) {
      const record = after(open('a', null, value), choose(status, { text: 'words' }))
      expect(viewOf(record, NOW)).toMatchObject({ status, statusText: 'words' })
    }
  })

  it('make nobody online who has no session, and wait for one', () => {
    const record = after(choose('busy', { text: 'words' }))
    expect(viewOf(record, NOW)).toMatchObject({ status: 'offline', statusText: null })
    expect(viewOf(apply(record, open('a')), NOW)).toMatchObject({ status: 'busy', statusText: 'words' })
  })

  it('survive the end of every session', () => {
    const record = after(open('a'), choose('busy'), end('a'), open('b'))
    expect(statusOf(record)).toBe('busy')
  })

  it('auto gives the word back to the sessions, and keeps a text that there is', () => {
    const record = after(open('a', null, 'away'), choose('busy', { text: 'words' }), choose('auto'))
    expect(viewOf(record, NOW)).toMatchObject({ status: 'away', statusText: 'words' })
    expect(apply(record, choose('auto', { text: null })).choice).toBeNull()
  })

  it('a text left out stays, null clears it, and an empty one is one', () => {
    const record = after(open('a'), choose('busy', { text: 'words' }))
    expect(viewOf(apply(record, choose('away')), NOW).statusText).toBe('words')
    expect(viewOf(apply(record, choose('away', { text: null })), NOW).statusText).toBeNull()
    expect(viewOf(apply(record, choose('away', { text: '' })), NOW).statusText).toBe('')
    expect(viewOf(apply(record, choose('busy', { text: 'other words' })), NOW).statusText).toBe('other words')
  })

  it('S12: one that was held up changes nothing where a later one stands', () => {
    const record = after(open('a'), choose('busy', { at: NOW - 1 }))
    expect(apply(record, choose('away', { at: NOW - 2 }))).toBe(record)
    expect(statusOf(apply(record, choose('away', { at: NOW - 1 })))).toBe('away')
  })

  it('one of the future was made before the clock was stepped back: the next one counts', () => {
    const record = after(open('a'), choose('busy', { at: NOW + 3_600_000 }))
    expect(statusOf(apply(record, choose('away')))).toBe('away')
  })

  it('of one that was lost and one that stands the later counts', () => {
    const lost = after(open('a'), choose('busy', { at: NOW - 1 }))
    const back = (at: number): UserRecord =>
      after(open('a'), choose('away', { at }), {
        type: 'reconcile',
        address: 'n',
        sessions: [],
        lost,
        over: [],
      })
    expect(back(NOW).choice?.status).toBe('away')
    expect(back(NOW - 2).choice?.status).toBe('busy')
  })

  it('S2: whose end was lost is over, but not if their node has put them back under a later name since', () => {
    const standing = after(open('a'))
    const [lost] = standing.sessions
    const carriedOut = (node: string): UserRecord =>
      apply(
        { ...standing, sessions: [{ ...(lost as SessionEntry), node }] },
        {
          type: 'reconcile',
          address: 'other',
          sessions: [],
          lost: null,
          over: [{ ...(lost as SessionEntry), node: 'n.1' }],
        },
      )
    expect(carriedOut('n.1').sessions).toEqual([])
    expect(carriedOut('n.2').sessions).toHaveLength(1)
  })

  it('the same choice with another end is another', () => {
    const record = after(choose('busy', { until: NOW + 100 }))
    expect(apply(record, choose('busy', { until: NOW + 200 })).choice?.until).toBe(NOW + 200)
    expect(apply(record, choose('busy')).choice?.until).toBeNull()
  })

  it('lapse at their end and not before, by the next change whichever it is', () => {
    const record = after(open('a'), choose('busy', { text: 'words', until: NOW + 100 }))
    const changes: RecordChange[] = [
      { type: 'lapse' },
      activity('a', 'away'),
      open('b'),
      end('gone'),
      choose('auto'),
    ]
    for (const change of changes) {
      const text = change.type === 'choose' ? 'words' : record.choice?.text
      expect(applyChange(record, change, NOW + 99).choice?.text, change.type).toBe(text)
      expect(applyChange(record, change, NOW + 100).choice, change.type).toBeNull()
    }
    expect(viewOf(applyChange(record, { type: 'lapse' }, NOW + 100), NOW + 100)).toMatchObject({
      status: 'online',
      statusText: null,
    })
  })

  it('lapse by a write alone: what a record shows never changes by itself', () => {
    const record = after(open('a'), choose('busy', { until: NOW + 100 }))
    expect(statusOf(record, NOW + 1_000)).toBe('busy')
  })

  it('without an end never lapse', () => {
    const record = after(open('a'), choose('busy'))
    expect(applyChange(record, { type: 'lapse' }, Number.MAX_SAFE_INTEGER)).toBe(record)
  })
})

describe('invisible', () => {
  it('S7: looks exactly like a goodbye of the last session at that moment', () => {
    const online = after(open('a'), choose('busy', { text: 'words' }))
    const later = NOW + 500
    const hidden = applyChange(online, choose('invisible'), later)
    const left = applyChange(online, end('a', later), later)
    expect(viewOf(hidden, later)).toEqual(viewOf(left, later))
    expect(viewOf(hidden, later + 999)).toEqual(viewOf(left, later + 999))
  })

  it('S7: nothing that the sessions do shows while it holds', () => {
    const anySessionChange = anyChange.filter(({ type }) => type !== 'choose' && type !== 'lapse')
    fc.assert(
      fc.property(anyHistory, fc.array(anySessionChange, { maxLength: 10 }), (history, changes) => {
        const [before, now] = play(history)
        const hidden = applyChange(before, choose('invisible'), now)
        const shown = viewOf(hidden, now)
        let record = hidden
        for (const change of changes) {
          record = applyChange(record, change, now + 10)
          expect(viewOf(record, now + 10)).toEqual({ ...shown, lastSeen: viewOf(hidden, now + 10).lastSeen })
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('S7: looks like a goodbye even at the very instant of another end', () => {
    const crash: RecordChange = {
      type: 'end',
      session: 'b',
      reason: 'node',
      at: NOW,
      accuracy: 'approximate',
    }
    const hidden = after(open('a'), open('b'), crash, choose('invisible'))
    expect(viewOf(hidden, NOW)).toMatchObject({ lastSeen: NOW, lastSeenAccuracy: 'exact', reason: 'leave' })
  })

  it('S7: chosen again, or with other words, shows nothing either', () => {
    const hidden = after(open('a'), choose('invisible'))
    const again = applyChange(hidden, choose('invisible', { text: 'words', until: NOW + 900 }), NOW + 500)
    expect(viewOf(again, NOW + 600)).toEqual(viewOf(hidden, NOW + 600))
  })

  it('S7: chosen without a session leaves last seen where it was', () => {
    const left = after(open('a'), end('a', NOW - 50, 'drop'))
    const hidden = applyChange(left, choose('invisible'), NOW + 500)
    expect(viewOf(hidden, NOW + 500)).toEqual(viewOf(left, NOW + 500))
    expect(viewOf(applyChange(hidden, open('b'), NOW + 600), NOW + 600)).toEqual(viewOf(left, NOW + 600))
  })

  it('S7: given up without a session, does not show when the sessions really ended', () => {
    const hidden = after(open('a'), choose('invisible'))
    const ended = applyChange(hidden, end('a', NOW + 500), NOW + 500)
    const back = applyChange(ended, choose('auto', { text: null }), NOW + 600)
    expect(viewOf(back, NOW + 600)).toMatchObject({ status: 'offline', lastSeen: NOW, reason: 'leave' })
  })

  it('ends with its term: whoever is there shows again', () => {
    const hidden = after(open('a'), choose('invisible', { until: NOW + 100 }))
    expect(isInvisible(hidden)).toBe(true)
    const shown = applyChange(hidden, { type: 'lapse' }, NOW + 100)
    expect(isInvisible(shown)).toBe(false)
    expect(statusOf(shown)).toBe('online')
  })
})
