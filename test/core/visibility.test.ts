/** Who sees how much of whom, held to the rule as it is written in the contract, for every combination of settings. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { hasId } from '../../src/core/id-set.ts'
import {
  isOnline,
  type LastSeenAccuracy,
  type OfflineReason,
  type PresenceStatus,
  type PresenceView,
  UNKNOWN_VIEW,
} from '../../src/core/model.ts'
import {
  type Audience,
  cover,
  DEFAULT_PRIVACY,
  isOpen,
  judgeFor,
  type LastSeenPrecision,
  type Privacy,
  type PrivacySettings,
  readPrivacy,
  type Sight,
} from '../../src/core/visibility.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const NOON = Date.UTC(2026, 5, 15, 12)

const PRECISIONS: readonly LastSeenPrecision[] = ['exact', 'minute', 'bucket']
const SIGHTS: readonly Sight[] = ['nothing', 'status', ...PRECISIONS]
const BOTH = [false, true]
/** Of a user towards one other. */
const audiencesTowards = (other: string): readonly Audience[] => [
  'everyone',
  'contacts',
  'nobody',
  { except: [other] },
  { except: ['somebody'] },
]

function complete(settings: PrivacySettings): Privacy {
  const privacy = readPrivacy(settings)
  if ('fault' in privacy) throw new Error(privacy.fault)
  return privacy
}
const faultOf = (settings: unknown): string | null => {
  const privacy = readPrivacy(settings as PrivacySettings)
  return 'fault' in privacy ? privacy.fault : null
}
const look = (of: PrivacySettings, by: PrivacySettings, isContact = true): Sight =>
  judgeFor('viewer', complete(by))('target', complete(of), isContact)

/** The rule once more, from the contract's words: a list of all that stands in the way of seeing something. */
function oracle(of: PrivacySettings, by: PrivacySettings, isContact: boolean): Sight {
  const names = (ids: Iterable<string> | undefined, id: string) => [...(ids ?? [])].includes(id)
  const leavesOut = (audience: Audience, id: string) =>
    audience === 'nobody' || (typeof audience !== 'string' && names(audience.except, id))
  const obstacles = { online: 0, lastSeen: 0 }
  for (const kind of ['online', 'lastSeen'] as const) {
    const theirs = of[kind] ?? 'contacts'
    if (leavesOut(theirs, 'viewer')) obstacles[kind]++
    if (!isContact && theirs !== 'everyone') obstacles[kind]++
    const isReciprocal = of.reciprocal !== false && by.reciprocal !== false
    if (isReciprocal && leavesOut(by[kind] ?? 'contacts', 'target')) obstacles[kind]++
  }
  if (names(of.blocked, 'viewer') || names(by.blocked, 'target')) obstacles.online++
  if (obstacles.online > 0) return 'nothing'
  if (obstacles.lastSeen > 0) return 'status'
  return of.precision ?? 'exact'
}

const someView = (more: Partial<PresenceView> = {}): PresenceView => ({
  status: 'offline',
  lastSeen: NOON,
  lastSeenAccuracy: 'exact',
  reason: 'leave',
  statusText: null,
  stale: false,
  ...more,
})

const anyTime = fc.integer({ min: 0, max: 4 * 365 * DAY }).map((past) => NOON - past)
const anyView: fc.Arbitrary<PresenceView> = fc.record({
  status: fc.constantFrom<PresenceStatus>('online', 'away', 'busy', 'offline', 'unknown'),
  lastSeen: fc.option(anyTime),
  lastSeenAccuracy: fc.constantFrom<(LastSeenAccuracy | null)[]>(
    ...(['exact', 'approximate', 'minute', 'recently', 'week', 'month', null] as const),
  ),
  reason: fc.constantFrom<(OfflineReason | null)[]>('leave', 'expire', 'drop', 'node', null),
  statusText: fc.option(fc.string()),
  stale: fc.boolean(),
})
const anySight = fc.constantFrom(...SIGHTS)
const anyId = fc.constantFrom('viewer', 'target', 'somebody')
const anyAudience: fc.Arbitrary<Audience> = fc.oneof(
  fc.constantFrom<Audience[]>('everyone', 'contacts', 'nobody'),
  fc.array(anyId).map((except) => ({ except })),
)
const anySettings: fc.Arbitrary<PrivacySettings> = fc.record(
  {
    online: anyAudience,
    lastSeen: anyAudience,
    precision: fc.constantFrom(...PRECISIONS),
    reciprocal: fc.boolean(),
    blocked: fc.array(anyId, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)

describe('judge', () => {
  test.each(audiencesTowards('viewer').map((online) => [online]))(
    'S7: every combination of settings gives what the contract says (online: %j)',
    (online) => {
      let combinations = 0
      const wrong: unknown[] = []
      const own = audiencesTowards('target')
      for (const isContact of BOTH)
        for (const lastSeen of audiencesTowards('viewer'))
          for (const precision of PRECISIONS)
            for (const [ofReciprocal, byReciprocal, isBlocked, blocks] of flags(4))
              for (const ownOnline of own)
                for (const ownLastSeen of own) {
                  const of: PrivacySettings = {
                    online,
                    lastSeen,
                    precision,
                    reciprocal: ofReciprocal,
                    blocked: isBlocked ? ['viewer'] : ['somebody'],
                  }
                  const by: PrivacySettings = {
                    online: ownOnline,
                    lastSeen: ownLastSeen,
                    reciprocal: byReciprocal,
                    blocked: blocks ? ['target'] : [],
                  }
                  combinations++
                  const sight = look(of, by, isContact)
                  if (sight !== oracle(of, by, isContact)) wrong.push({ isContact, of, by, sight })
                }
      expect(wrong.slice(0, 3)).toEqual([])
      expect(combinations).toBe(2 * 5 * 3 * 16 * 25)
    },
  )

  it('S7: whatever is settled, and left out, gives what the contract says', () => {
    fc.assert(
      fc.property(anySettings, anySettings, fc.boolean(), (of, by, isContact) => {
        expect(look(of, by, isContact)).toBe(oracle(of, by, isContact))
      }),
      { numRuns: 2_000 },
    )
  })

  it('S7: a block works both ways, whatever else is settled', () => {
    fc.assert(
      fc.property(anySettings, anySettings, fc.boolean(), (one, other, isContact) => {
        const blocker = complete({ ...one, blocked: ['target'] })
        const blocked = complete(other)
        expect(judgeFor('viewer', blocker)('target', blocked, isContact)).toBe('nothing')
        expect(judgeFor('target', blocked)('viewer', blocker, isContact)).toBe('nothing')
      }),
    )
  })

  it('everybody sees themself, whatever they have settled', () => {
    fc.assert(
      fc.property(anySettings, fc.boolean(), (settings, isContact) => {
        const privacy = complete({ ...settings, blocked: ['me'], online: 'nobody' })
        expect(judgeFor('me', privacy)('me', privacy, isContact)).toBe('exact')
      }),
    )
  })

  it('S7: by default contacts see all, and strangers nothing', () => {
    expect(look({}, {})).toBe('exact')
    expect(look({}, {}, false)).toBe('nothing')
    expect(complete({})).toEqual(DEFAULT_PRIVACY)
  })

  it('S7: who hides that they are online from a user sees nothing at all of that user', () => {
    for (const online of ['nobody', { except: ['target'] }] as const) {
      expect(look({ online: 'everyone', lastSeen: 'everyone' }, { online })).toBe('nothing')
      expect(look({ online: 'everyone', lastSeen: 'everyone' }, { online, reciprocal: false })).toBe('exact')
      expect(look({ online: 'everyone', lastSeen: 'everyone', reciprocal: false }, { online })).toBe('exact')
    }
  })

  it('S7: who hides when they were last seen sees others online, and not when they were last seen', () => {
    for (const lastSeen of ['nobody', { except: ['target'] }] as const)
      expect(look({}, { lastSeen })).toBe('status')
    expect(look({}, { lastSeen: { except: ['somebody'] } })).toBe('exact')
  })

  it('only who shows that they are online to everyone may be watched by anybody', () => {
    const open = audiencesTowards('viewer').map((online) => isOpen(complete({ online })))
    expect(open).toEqual([true, false, false, false, false])
    expect(isOpen(DEFAULT_PRIVACY)).toBe(false)
  })
})

describe('cover', () => {
  it('S7: who may see nothing gets what a user gives who does not exist, whatever the record', () => {
    fc.assert(
      fc.property(anyView, anyTime, (view, time) => {
        expect(cover(view, 'nothing', time)).toBe(UNKNOWN_VIEW)
      }),
    )
  })

  it('S7: who may not see last seen gets no instant, no accuracy and no reason, whatever the record', () => {
    fc.assert(
      fc.property(anyView, anyTime, (view, time) => {
        expect(cover(view, 'status', time)).toEqual({
          ...view,
          lastSeen: null,
          lastSeenAccuracy: null,
          reason: null,
        })
      }),
    )
  })

  it('S7: last seen to the minute is never later than the instant, and says nothing of the second', () => {
    fc.assert(
      fc.property(anyView, anyTime, fc.integer({ min: 0, max: MINUTE - 1 }), (view, time, second) => {
        const minute = Math.floor(time / MINUTE) * MINUTE
        const covered = cover({ ...view, lastSeen: minute + second }, 'minute', time + MINUTE)
        expect(covered).toEqual({ ...view, lastSeen: minute, lastSeenAccuracy: 'minute' })
      }),
    )
  })

  it('S7: buckets hold no instant and no reason, and depend on the days (UTC) alone', () => {
    const hour = fc.integer({ min: 0, max: DAY - 1 })
    fc.assert(
      fc.property(anyView, fc.nat(60), hour, hour, hour, hour, (view, days, seen, otherSeen, at, otherAt) => {
        const midnight = Math.floor(NOON / DAY) * DAY
        const covered = (lastSeen: number, time: number) =>
          cover({ ...view, lastSeen: midnight - days * DAY + lastSeen }, 'bucket', midnight + time)
        const accuracy = days <= 2 ? 'recently' : days <= 7 ? 'week' : days <= 30 ? 'month' : null
        const expected = { ...view, lastSeen: null, lastSeenAccuracy: accuracy, reason: null }
        expect(covered(seen, at)).toEqual(expected)
        expect(covered(otherSeen, otherAt)).toEqual(expected)
      }),
    )
  })

  it('a last seen beyond now (a clock was stepped) counts as recent', () => {
    expect(cover(someView({ lastSeen: NOON + 9 * DAY }), 'bucket', NOON).lastSeenAccuracy).toBe('recently')
  })

  it('S7: covering twice is covering once, also at another time', () => {
    fc.assert(
      fc.property(anyView, anySight, anyTime, anyTime, (view, sight, time, later) => {
        const once = cover(view, sight, time)
        expect(cover(once, sight, later)).toEqual(once)
      }),
    )
  })

  it('S7: what is covered never shows more, however it is covered again', () => {
    const amount = ({ lastSeen, lastSeenAccuracy, reason }: PresenceView): number[] => [
      Number(lastSeen !== null),
      Number(lastSeenAccuracy !== null),
      Number(reason !== null),
    ]
    fc.assert(
      fc.property(anyView, anySight, anySight, anyTime, (view, first, second, time) => {
        const once = cover(view, first, time)
        const before = amount(once)
        amount(cover(once, second, time)).forEach((shown, index) => {
          // An instant that was without an accuracy gets one when it is cut.
          if (index === 1 && once.lastSeen !== null) return
          expect(shown).toBeLessThanOrEqual(before[index] ?? 0)
        })
      }),
    )
  })

  it('who sees all gets the view itself; who is online, and was never seen, is shown so at every sight', () => {
    const view = someView()
    expect(cover(view, 'exact', NOON)).toBe(view)
    for (const status of ['online', 'away', 'busy', 'offline'] as const) {
      const bare = someView({ status, lastSeen: null, lastSeenAccuracy: null, reason: null, statusText: 'x' })
      for (const sight of SIGHTS) {
        if (sight !== 'nothing') expect(cover(bare, sight, NOON)).toBe(bare)
        else expect(isOnline(cover(bare, sight, NOON).status)).toBe(false)
      }
    }
  })
})

describe('readPrivacy', () => {
  it('takes lists of any kind, and reads them once', () => {
    function* ids(): Generator<string> {
      yield 'viewer'
      yield 'viewer'
    }
    for (const list of [() => ['viewer'], () => new Set(['viewer']), ids]) {
      const { online, lastSeen, blocked } = complete({
        online: { except: list() },
        lastSeen: { except: list() },
        blocked: list(),
      })
      for (const found of [online, lastSeen, blocked]) expect(found).toEqual(['viewer'])
    }
  })

  it('does not look at a list again that was changed afterwards', () => {
    const blocked = new Set(['viewer'])
    const privacy = complete({ blocked })
    blocked.clear()
    expect(hasId(privacy.blocked, 'viewer')).toBe(true)
  })

  const notIds: [string, unknown][] = [
    ['a text', 'viewer'],
    ['null', null],
    ['a number', 7],
    ['an object', {}],
    ['something like an array', { length: 1, 0: 'viewer' }],
    ['numbers', [7]],
    ['rows of a database', [{ id: 'viewer' }]],
    ['a map', new Map([['viewer', true]])],
    ['null among ids', ['viewer', null]],
  ]
  const notAudiences: [string, unknown][] = [
    ['another word', 'friends'],
    ['an empty text', ''],
    ['capitals', 'Nobody'],
    ['null', null],
    ['false', false],
    ['a list', ['viewer']],
    ['no except', {}],
    ['a text that is an object', Object('nobody')],
  ]
  test.each<[string, string, unknown]>([
    ...notIds.map(([name, value]): [string, string, unknown] => [name, 'blocked', value]),
    ...['online', 'lastSeen'].flatMap((kind) => [
      ...notIds.map(([name, value]): [string, string, unknown] => [
        `${name} to except`,
        kind,
        { except: value },
      ]),
      ...notAudiences.map(([name, value]): [string, string, unknown] => [name, kind, value]),
    ]),
    ['undefined to except', 'online', { except: undefined }],
    ['another word', 'precision', 'hour'],
    ['null', 'precision', null],
    ['a list', 'precision', ['exact']],
    ['null', 'reciprocal', null],
    ['a text', 'reciprocal', 'false'],
    ['a number', 'reciprocal', 0],
  ])('S7: %s as `%s` is a fault, and no guess', (_, name, value) => {
    expect(faultOf({ [name]: value })).toMatch(new RegExp(`^${name} is `))
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'nobody'],
    ['false', false],
    ['a list of rows', [{ online: 'nobody' }]],
    ['a map', new Map([['online', 'nobody']])],
    ['a promise', Promise.resolve({ online: 'nobody' })],
  ])('S7: %s as settings is a fault, and not the default', (_, settings) => {
    expect(faultOf(settings)).toBe('settings are an object')
  })

  it('reads settings of a class, with more on them, and what is `undefined` as left out', () => {
    class Row {
      readonly id = 'target'
      readonly lastSeen: unknown = undefined
      get online() {
        return 'nobody' as const
      }
    }
    expect(complete(new Row() as PrivacySettings)).toEqual({ ...DEFAULT_PRIVACY, online: 'nobody' })
  })
})

/** Every combination of so many flags. */
function flags(count: 4): readonly (readonly [boolean, boolean, boolean, boolean])[] {
  return Array.from({ length: 2 ** count }, (_, bits) => [
    (bits & 1) > 0,
    (bits & 2) > 0,
    (bits & 4) > 0,
    (bits & 8) > 0,
  ])
}
