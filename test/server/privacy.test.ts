/** Who sees how much of whom: the same for pushes, snapshots and queries, and nothing that tells one refusal from another. */
import { describe, expect, test } from 'vitest'
import type { PrivacySettings } from '../../src/core/visibility.ts'
import { createSettingsBook } from '../support/settings.ts'
import {
  choice,
  createServerWorld,
  GOODBYE,
  type Peer,
  type ServerWorld,
  T,
} from '../support/server-world.ts'

const UNKNOWN = { user: 'alice', status: 'unknown' }
const subscribe = (user: string, ref = 1) => ({ type: 'subscribe', users: [user], ref })
const fetch = (user: string, ref = 2) => ({ type: 'fetch', users: [user], ref })

/** What stands between Bob, who looks, and Alice. */
interface Case {
  readonly isContact: boolean
  readonly hidesOnline: boolean
  readonly hidesLastSeen: boolean
  readonly viewerHidesOnline: boolean
  readonly viewerHidesLastSeen: boolean
  readonly blocks: boolean
  readonly isBlocked: boolean
}

const NAMES = [
  'isContact',
  'hidesOnline',
  'hidesLastSeen',
  'viewerHidesOnline',
  'viewerHidesLastSeen',
  'blocks',
  'isBlocked',
] as const

const cases: Case[] = Array.from(
  { length: 2 ** NAMES.length },
  (_, bits) => Object.fromEntries(NAMES.map((name, place) => [name, (bits >> place) % 2 === 1])) as never,
)

function sightIn(one: Case): 'nothing' | 'status' | 'all' {
  if (!one.isContact || one.blocks || one.isBlocked || one.hidesOnline || one.viewerHidesOnline)
    return 'nothing'
  return one.hidesLastSeen || one.viewerHidesLastSeen ? 'status' : 'all'
}

function settingsIn(one: Case): Record<string, PrivacySettings> {
  const audience = (hides: boolean) => (hides ? ('nobody' as const) : ('contacts' as const))
  return {
    alice: {
      online: audience(one.hidesOnline),
      lastSeen: audience(one.hidesLastSeen),
      blocked: one.blocks ? ['bob'] : [],
    },
    bob: {
      online: audience(one.viewerHidesOnline),
      lastSeen: audience(one.viewerHidesLastSeen),
      // Whom one has blocked need not exist.
      blocked: one.isBlocked ? ['alice'] : [],
    },
  }
}

/** All that Bob gets to see while Alice comes, changes and goes, and what it cost. */
async function story(one: Case, target: 'alice' | 'ghost') {
  const privacy = createSettingsBook(settingsIn(one))
  const book = { alice: one.isContact ? ['bob'] : [], bob: [] }
  const world = createServerWorld({ book, privacy })
  const before = await world.open('alice', { watch: [] })
  await before.say(GOODBYE)
  await world.clock.advance(3_600_000)
  const bob = await world.open('bob', { watch: [] })
  bob.clear()
  const cost = async (act: () => Promise<unknown>): Promise<string[]> => {
    const asked = [world.contacts.asked, privacy.asked, world.storage.asked]
    const lengths = asked.map(({ length }) => length)
    await act()
    return asked
      .flatMap((list, index) => list.slice(lengths[index]))
      .map((line) => line.replaceAll(target, 'X'))
  }
  const work = [
    await cost(() => bob.say(subscribe(target))),
    await cost(() => bob.say(fetch(target))),
    await cost(() => bob.say(fetch(target, 3))),
  ]
  const seenOffline = bob.texts.splice(0)
  const alice = await world.open('alice', { watch: [] })
  await alice.say(choice('busy', { text: 'words' }))
  const pushed = bob.texts.splice(0)
  work.push(await cost(() => bob.say(fetch(target, 4))))
  const seenOnline = bob.texts.splice(0)
  const asApplication = await world.server.get([target], { as: 'bob' })
  await alice.say(GOODBYE)
  const left = bob.texts.splice(0)
  // Nothing about them has changed, though somebody says so.
  await world.server.invalidateContacts(target)
  await world.clock.advance(1_000)
  await world.clock.advance(2 * T)
  const announced = bob.texts.splice(0)
  expect(world.errors).toEqual([])
  return { seenOffline, pushed, seenOnline, left, announced, work, asApplication }
}

describe('S7: all combinations of contact, hiding, reciprocity and blocks', () => {
  const refused = cases.filter((one) => sightIn(one) === 'nothing')
  const named = (list: readonly Case[]) =>
    list.map((one) => [NAMES.filter((name) => one[name]).join(' ') || 'a stranger', one] as const)

  test.each(named(refused))(
    '%s: frames, sizes, codes and work are those for nobody at all',
    async (_, one) => {
      const ofAlice = await story(one, 'alice')
      const ofGhost = await story(one, 'ghost')
      const asX = (texts: readonly string[], target: string) =>
        texts.map((text) => text.replaceAll(target, 'ghost'))
      expect(ofAlice.seenOffline).toHaveLength(3)
      expect(asX(ofAlice.seenOffline, 'alice')).toEqual(ofGhost.seenOffline)
      expect(ofGhost.seenOffline[0]).toContain('"status":"unknown"}')
      expect(asX(ofAlice.seenOnline, 'alice')).toEqual(ofGhost.seenOnline)
      expect([ofAlice.pushed, ofAlice.left, ofAlice.announced]).toEqual([[], [], []])
      expect([ofGhost.pushed, ofGhost.left, ofGhost.announced]).toEqual([[], [], []])
      expect(ofAlice.work).toEqual(ofGhost.work)
      expect(ofAlice.work.map((lines) => lines.length > 0)).toEqual([true, true, true, true])
      expect(ofAlice.asApplication).toEqual([{ ...ofGhost.asApplication[0], userId: 'alice' }])
    },
  )

  test.each(named(cases.filter((one) => sightIn(one) === 'status')))(
    '%s: online shows, and nothing on the wire tells when',
    async (_, one) => {
      const { seenOffline, pushed, seenOnline, left, announced } = await story(one, 'alice')
      const all = [...seenOffline, ...pushed, ...seenOnline, ...left, ...announced].join(' ')
      expect(all).not.toMatch(/lastSeen|accuracy|reason/)
      expect(seenOffline[0]).toContain('{"user":"alice","status":"offline"}')
      expect(pushed.at(-1)).toContain('"status":"busy","text":"words"')
      expect(left).toEqual(['{"type":"PRESENCE_UPDATE","users":[{"user":"alice","status":"offline"}]}'])
      expect(announced).toEqual([])
    },
  )

  test.each(named(cases.filter((one) => sightIn(one) === 'all')))('%s: all of it shows', async (_, one) => {
    const { seenOffline, left } = await story(one, 'alice')
    expect([seenOffline[0], left[0]].join(' ')).toMatch(/"lastSeen":\d+.*"lastSeen":\d+/)
  })
})

/** Alice, whose settings change, and Bob, who watches her by list and by id. */
async function scene(settings: Record<string, PrivacySettings> = {}, limits = {}) {
  const privacy = createSettingsBook(settings)
  const world = createServerWorld({
    book: { alice: ['bob'], bob: ['alice'], carol: [] },
    privacy,
    limits,
  })
  const roster = await world.open('bob')
  const named = await world.open('bob', { watch: ['alice'] })
  const alice = await world.open('alice', { watch: [] })
  const settle = async (user: string, next: PrivacySettings): Promise<void> => {
    privacy.settings.set(user, next)
    await world.server.invalidateContacts(user)
    await world.clock.settle()
  }
  return { world, privacy, peers: [roster, named], alice, settle }
}

const last = (peers: readonly Peer[], user = 'alice') => peers.map((peer) => peer.toldOf(user).at(-1))
const clear = (peers: readonly Peer[]) => {
  for (const peer of peers) peer.clear()
}

describe('S8: settings that change', () => {
  const changes: [string, string, PrivacySettings][] = [
    ['who hides', 'alice', { online: 'nobody' }],
    ['who hides from one', 'alice', { online: { except: ['bob'] } }],
    ['who blocks', 'alice', { blocked: ['bob'] }],
    ['who is blocked', 'bob', { blocked: ['alice'] }],
    ['who hides, and then sees no others', 'bob', { online: 'nobody' }],
  ]
  test.each(changes)(
    '%s is unknown at once, nothing later shows, and it comes back',
    async (_, user, next) => {
      const { world, peers, alice, settle } = await scene()
      expect(last(peers).map((wire) => wire?.status)).toEqual(['online', 'online'])
      await settle(user, next)
      expect(last(peers)).toEqual([UNKNOWN, UNKNOWN])
      clear(peers)
      await alice.say(choice('busy', { text: 'hidden' }))
      await world.clock.advance(2 * T)
      expect(peers.map((peer) => peer.toldOf('alice'))).toEqual([[], []])
      expect((await world.server.get(['alice'], { as: 'bob' }))[0]?.status).toBe('unknown')
      await settle(user, {})
      expect(last(peers).map((wire) => wire?.text)).toEqual(['hidden', 'hidden'])
      expect(world.errors).toEqual([])
    },
  )

  test('last seen is hidden from those who knew it, and shown again', async () => {
    const { peers, alice, settle } = await scene()
    await alice.say(GOODBYE)
    expect(last(peers).map((wire) => typeof wire?.lastSeen)).toEqual(['number', 'number'])
    await settle('alice', { lastSeen: 'nobody' })
    const bare = { user: 'alice', status: 'offline' }
    expect(last(peers)).toEqual([bare, bare])
    await settle('alice', {})
    expect(last(peers).map((wire) => typeof wire?.lastSeen)).toEqual(['number', 'number'])
  })

  test('of settings that change nothing for a watcher nobody hears', async () => {
    const { peers, settle } = await scene()
    clear(peers)
    await settle('alice', { online: { except: ['carol'] }, lastSeen: 'nobody', blocked: ['carol'] })
    // Online shows no last seen: what Bob sees is the same.
    expect(new Set(peers.flatMap((peer) => peer.statusesOf('alice')))).toEqual(new Set(['online']))
    clear(peers)
    await settle('alice', { online: { except: ['dora'] }, lastSeen: 'nobody' })
    expect(peers.flatMap((peer) => peer.texts)).toEqual([])
  })

  test('a change that nobody told of takes effect within half a minute and 1.2 A', async () => {
    const { world, privacy, peers, alice } = await scene()
    privacy.settings.set('alice', { blocked: ['bob'] })
    await world.clock.advance(30_000 + 1.2 * T)
    expect(last(peers)).toEqual([UNKNOWN, UNKNOWN])
    clear(peers)
    await alice.say(choice('busy'))
    expect(peers.flatMap((peer) => peer.texts)).toEqual([])
    privacy.settings.set('alice', {})
    await world.clock.advance(30_000 + 1.2 * T)
    expect(last(peers).map((wire) => wire?.status)).toEqual(['busy', 'busy'])
  })

  test('settings that cannot be found out show nobody new, and hide nobody whose change was not told of', async () => {
    const { world, privacy, peers } = await scene()
    privacy.mode = 'reject'
    await world.clock.advance(30_000 + 1.2 * T)
    expect(last(peers).map((wire) => wire?.status)).toEqual(['online', 'online'])
    const asker = await world.open('bob', { watch: ['alice'] })
    expect([asker.toldOf('alice'), asker.errorCodes()]).toEqual([[], ['UNAVAILABLE']])
    await world.server.invalidateContacts('alice')
    await world.clock.settle()
    expect(last(peers)).toEqual([UNKNOWN, UNKNOWN])
    privacy.mode = 'open'
    await world.clock.advance(3_000)
    expect(last(peers).map((wire) => wire?.status)).toEqual(['online', 'online'])
    expect(world.errors.every((error) => error.startsWith('contacts'))).toBe(true)
  })

  test('settings that make no sense hide, and say so', async () => {
    const { world, peers, settle } = await scene()
    await settle('alice', { online: 'all' as never })
    expect(last(peers)).toEqual([UNKNOWN, UNKNOWN])
    expect(world.errors.join(' ')).toContain('online is')
  })

  test('an adapter that hears of a change is believed, and is silenced at the end', async () => {
    let tell: ((user: string | null) => void) | undefined
    const privacy = createSettingsBook()
    const world = createServerWorld({
      book: { alice: ['bob'], bob: [] },
      privacy: {
        ...privacy,
        onChange: (listener) => {
          tell = listener
          return () => {
            tell = undefined
          }
        },
      },
    })
    const bob = await world.open('bob', { watch: ['alice'] })
    privacy.settings.set('alice', { online: 'nobody' })
    tell?.('alice')
    await world.clock.settle()
    expect(last([bob])).toEqual([UNKNOWN])
    privacy.settings.set('alice', {})
    tell?.(null)
    await world.clock.advance(T / 12 + 200)
    expect(last([bob])).toEqual([{ user: 'alice', status: 'offline' }])
    tell?.('')
    expect(world.errors.join(' ')).toContain('A user id is')
    const closed = world.server.close()
    await world.clock.advance(3_000)
    await closed
    expect(tell).toBeUndefined()
  })
})

describe('anything may have changed', () => {
  /** Twenty viewers of Alice, and an adapter that can say that it does not know what changed. */
  async function crowd() {
    let tell = (_user: string | null): void => {}
    const privacy = createSettingsBook()
    const viewers = Array.from({ length: 20 }, (_, number) => `viewer${number}`)
    const world = createServerWorld({
      book: { alice: viewers },
      privacy: {
        ...privacy,
        onChange: (listener) => {
          tell = listener
          return () => undefined
        },
      },
    })
    const peers: Peer[] = []
    for (const viewer of viewers) peers.push(await world.open(viewer, { watch: ['alice'] }))
    return { world, privacy, peers, tell: () => tell(null) }
  }

  test('S8: it is found within F, by one question after the other and not by all at once', async () => {
    const { world, privacy, peers, tell } = await crowd()
    privacy.settings.set('alice', { online: 'nobody' })
    const asked = () => world.contacts.asked.filter((question) => question.startsWith('contacts ')).length
    const before = asked()
    tell()
    await world.clock.settle()
    expect(asked() - before).toBe(0)
    await world.clock.advance(T / 24)
    expect(asked() - before).toBeGreaterThan(0)
    expect(asked() - before).toBeLessThan(20)
    await world.clock.advance(T / 24 + 200)
    expect(last(peers)).toEqual(peers.map(() => UNKNOWN))
  })

  test('while it cannot be found out nobody is hidden', async () => {
    const { world, peers, tell } = await crowd()
    world.contacts.mode = 'reject'
    tell()
    await world.clock.advance(T / 12 + 200)
    expect(last(peers)).toEqual(peers.map(() => ({ user: 'alice', status: 'offline' })))
  })
})

describe('how exactly last seen is shown', () => {
  test('to the minute, never in the future', async () => {
    const { world, peers, alice } = await scene({ alice: { precision: 'minute' } })
    await world.clock.advance(10_123)
    await alice.say(GOODBYE)
    for (const wire of last(peers)) {
      expect(wire?.accuracy).toBe('minute')
      expect((wire?.lastSeen ?? 1) % 60_000).toBe(0)
    }
  })

  test('in buckets: recently, within a week, within a month, and then not at all', async () => {
    const { world, peers, alice } = await scene({ alice: { precision: 'bucket' } })
    await alice.say(GOODBYE)
    const shown: unknown[] = [last(peers)[0]?.accuracy]
    for (const peer of peers) await peer.say(GOODBYE)
    for (const days of [5, 20, 40]) {
      await world.clock.advance(days * 86_400_000)
      const asker = await world.open('bob', { watch: ['alice'] })
      shown.push(last([asker])[0]?.accuracy)
      expect(asker.texts.join(' ')).not.toMatch(/lastSeen|reason/)
      await asker.say(GOODBYE)
    }
    expect(shown).toEqual(['recently', 'week', 'month', undefined])
  })
})

describe('open to everyone', () => {
  test('whoever watches is told, contact or not, and no list is asked for', async () => {
    const privacy = createSettingsBook({ shop: { online: 'everyone', lastSeen: 'everyone' } })
    const world = createServerWorld({ book: { shop: [] }, privacy })
    const guests = [
      await world.open('bob', { watch: ['shop'] }),
      await world.open('carol', { watch: ['shop'] }),
    ]
    const asked = world.contacts.asked.length
    const shop = await world.open('shop', { watch: [] })
    await shop.say(GOODBYE)
    expect(world.contacts.asked.slice(asked)).toEqual([])
    expect(guests.map((guest) => guest.statusesOf('shop'))).toEqual([
      ['offline', 'online', 'offline'],
      ['offline', 'online', 'offline'],
    ])
  })

  test('who is blocked sees nothing even so', async () => {
    const privacy = createSettingsBook({ shop: { online: 'everyone', blocked: ['bob'] } })
    const world = createServerWorld({ book: { shop: [] }, privacy })
    const bob = await world.open('bob', { watch: ['shop'] })
    await world.open('shop', { watch: [] })
    expect(bob.statusesOf('shop')).toEqual(['unknown'])
  })
})

describe('strangers', () => {
  const ask = async (world: ServerWorld, peer: Peer, ids: readonly string[]) => {
    peer.clear()
    await peer.say({ type: 'fetch', users: ids, ref: 9 })
    await world.clock.advance(200)
    return peer.errorCodes()[0] ?? 'answered'
  }
  const many = (count: number, prefix = 'stranger') =>
    Array.from({ length: count }, (_, at) => `${prefix}${at}`)

  test('strangersPerDay: so many distinct ones a day, and contacts besides', async () => {
    const { world, peers, alice } = await scene({}, { strangersPerDay: 3 })
    const [bob] = peers as [Peer]
    expect(await ask(world, bob, many(3))).toBe('answered')
    expect(await ask(world, bob, many(3))).toBe('answered')
    expect(await ask(world, bob, ['one more'])).toBe('LIMIT')
    expect(await ask(world, bob, ['alice', 'bob'])).toBe('answered')
    const again = await world.open('bob')
    expect(await ask(world, again, ['one more'])).toBe('LIMIT')
    for (const peer of [...peers, alice, again]) await peer.say(GOODBYE)
    await world.clock.advance(86_400_000)
    expect(await ask(world, await world.open('bob'), ['one more'])).toBe('answered')
  })

  test('S7: whom one may see or not makes no difference to what is counted', async () => {
    for (const settings of [
      {},
      { alice: { blocked: ['bob'] } },
      { alice: { online: 'everyone' as const } },
    ]) {
      const { world, peers } = await scene(settings, { strangersPerDay: 2 })
      const [bob] = peers as [Peer]
      expect(await ask(world, bob, ['alice', ...many(2)])).toBe('answered')
      expect(await ask(world, bob, ['one more'])).toBe('LIMIT')
    }
  })

  test('who asks about many they may not see raises an alarm, and so does a budget that is spent', async () => {
    const { world, peers } = await scene({}, { strangersPerDay: 250 })
    const [bob] = peers as [Peer]
    const alarms: unknown[] = []
    world.server.on('alarm', (alarm) => void alarms.push(alarm))
    await ask(world, bob, many(99))
    expect(alarms).toEqual([])
    await ask(world, bob, many(120))
    await ask(world, bob, many(130))
    await ask(world, bob, many(300))
    await ask(world, bob, many(300))
    expect(alarms).toEqual([
      { userId: 'bob', denied: 120, strangers: 120 },
      { userId: 'bob', denied: 300, strangers: 130 },
    ])
  })

  test('the application can keep a record of who watches whom', async () => {
    const { world } = await scene({})
    const watches: unknown[] = []
    world.server.on('watch', (watch) => void watches.push(watch))
    await world.open('bob', { watch: ['alice', 'carol'] })
    await world.open('bob')
    expect(watches).toEqual([
      { userId: 'bob', asked: ['alice', 'carol'], shown: ['alice'] },
      { userId: 'bob', asked: [], shown: ['alice'] },
    ])
  })
})
