/** S8: contacts that change while everybody is connected. */
import { describe, expect, test } from 'vitest'
import type { ContactsShape } from '../support/gate.ts'
import { choice, createServerWorld, type Peer, type ServerWorld } from '../support/server-world.ts'

const SHAPES: [string, ContactsShape][] = [
  ['contactsOf alone', {}],
  ['canSee', { canSee: true }],
  ['symmetric lists', { symmetric: true }],
  ['rosterOf and canSee', { canSee: true, rosterOf: true }],
]
const UNKNOWN = { user: 'alice', status: 'unknown' }

interface Scene {
  readonly world: ServerWorld
  readonly book: Map<string, string[]>
  befriend(): void
  part(): void
  /** Tells the server, and lets it happen. */
  announce(user: string): Promise<void>
}

function createScene(shape: ContactsShape, friends: boolean): Scene {
  const book = new Map<string, string[]>([
    ['alice', ['carol']],
    ['bob', ['carol']],
    ['carol', ['alice', 'bob']],
    ['zoe', []],
  ])
  const world = createServerWorld({ book, shape })
  const befriend = (): void => {
    book.set('alice', ['carol', 'bob'])
    book.set('bob', ['carol', 'alice'])
  }
  if (friends) befriend()
  return {
    world,
    book,
    befriend,
    part: () => {
      book.set('alice', ['carol'])
      book.set('bob', ['carol'])
    },
    announce: async (user) => {
      await world.server.invalidateContacts(user)
      await world.clock.settle()
    },
  }
}

/** Alice changes something that whoever sees her must hear of. */
async function stir(alice: Peer, text: string): Promise<void> {
  await alice.say(choice('busy', { text }))
}

describe.each(SHAPES)('with %s', (_, shape) => {
  const ways = (['alice', 'bob'] as const).flatMap((announced) =>
    (
      [
        ['roster', 'roster'],
        ['subscription', ['alice']],
      ] as const
    ).map(([name, watch]) => [name, announced, watch] as const),
  )

  test.each(ways)(
    'S8: a contact is added, seen by %s, announced by %s: what there is to see comes at once',
    async (_name, announced, watch) => {
      const { world, befriend, announce } = createScene(shape, false)
      const bob = await world.open('bob', { watch })
      const alice = await world.open('alice', { watch: [] })
      await stir(alice, 'before')
      expect(bob.toldOf('alice').filter(({ status }) => status !== 'unknown')).toEqual([])
      bob.clear()
      befriend()
      await announce(announced)
      expect(bob.toldOf('alice')).toEqual([{ user: 'alice', status: 'busy', text: 'before' }])
      await stir(alice, 'after')
      expect(bob.toldOf('alice').at(-1)?.text).toBe('after')
      expect(world.errors).toEqual([])
    },
  )

  test.each(ways)(
    'S8: a contact is removed, seen by %s, announced by %s: unknown at once, and nothing later',
    async (_name, announced, watch) => {
      const { world, part, announce } = createScene(shape, true)
      const bob = await world.open('bob', { watch })
      const alice = await world.open('alice', { watch: [] })
      expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
      bob.clear()
      part()
      await announce(announced)
      expect(bob.toldOf('alice')).toEqual([UNKNOWN])
      await stir(alice, 'unseen')
      alice.link.reset()
      await world.clock.advance(20_000)
      expect(bob.toldOf('alice')).toEqual([UNKNOWN])
      await bob.say({ type: 'fetch', users: ['alice'], ref: 9 })
      expect(bob.toldOf('alice')).toEqual([UNKNOWN, UNKNOWN])
    },
  )

  test('S8: both sides: each loses sight of the other by one announcement', async () => {
    const { world, part, announce } = createScene(shape, true)
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    bob.clear()
    alice.clear()
    part()
    await announce('alice')
    expect([bob.toldOf('alice'), alice.toldOf('bob')]).toEqual([[UNKNOWN], [{ ...UNKNOWN, user: 'bob' }]])
  })

  test('S8: removed and added again, it is as if it had never been otherwise', async () => {
    const { world, befriend, part, announce } = createScene(shape, true)
    const bob = await world.open('bob', { watch: ['alice'] })
    await bob.say({ type: 'roster', watch: true, ref: 2 })
    const alice = await world.open('alice', { watch: [] })
    part()
    await announce('bob')
    await stir(alice, 'unseen')
    befriend()
    await announce('bob')
    expect(bob.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'busy', text: 'unseen' })
    await stir(alice, 'seen')
    expect(bob.toldOf('alice').at(-1)?.text).toBe('seen')
  })

  test('others notice nothing: not one frame', async () => {
    const { world, part, announce } = createScene(shape, true)
    const carol = await world.open('carol')
    const zoe = await world.open('zoe', { watch: ['alice', 'bob'] })
    await world.open('alice', { watch: [] })
    await world.open('bob', { watch: [] })
    carol.clear()
    zoe.clear()
    part()
    await announce('alice')
    expect(carol.toldOf('alice').filter(({ status }) => status !== 'online')).toEqual([])
    expect(zoe.toldOf('alice').filter(({ status }) => status !== 'unknown')).toEqual([])
  })

  test('S8: every session of a user is judged, and those who watch nothing hear nothing', async () => {
    const { world, part, announce } = createScene(shape, true)
    await world.open('alice', { watch: [] })
    const peers = [
      await world.open('bob'),
      await world.open('bob', { watch: ['alice'] }),
      await world.open('bob', { watch: [] }),
    ]
    for (const peer of peers) peer.clear()
    part()
    await announce('bob')
    expect(peers.map((peer) => peer.toldOf('alice'))).toEqual([[UNKNOWN], [UNKNOWN], []])
  })
})

describe('in between', () => {
  test('S8: an answer that was under way when the contact was removed shows nothing', async () => {
    const { world, part } = createScene({ canSee: true }, true)
    const alice = await world.open('alice', { watch: [] })
    const bob = await world.open('bob', { watch: [] })
    world.contacts.mode = 'hold'
    await bob.say({ type: 'subscribe', users: ['alice'], ref: 1 })
    await bob.say({ type: 'fetch', users: ['alice'], ref: 2 })
    part()
    await world.server.invalidateContacts('alice')
    world.contacts.mode = 'open'
    world.contacts.release()
    await world.clock.advance(100)
    await stir(alice, 'unseen')
    expect(new Set(bob.statusesOf('alice'))).toEqual(new Set(['unknown']))
    expect(
      bob
        .of('snapshot')
        .map(({ ref }) => ref)
        .sort(),
    ).toEqual([1, 2])
  })

  test('S8: a push whose audience was asked for before the contact was removed does not go out', async () => {
    const { world, part } = createScene({}, true)
    const alice = await world.open('alice', { watch: [] })
    const bob = await world.open('bob')
    world.contacts.mode = 'hold'
    await stir(alice, 'unseen')
    part()
    await world.server.invalidateContacts('bob')
    world.contacts.mode = 'open'
    world.contacts.release()
    await world.clock.advance(100)
    expect(bob.toldOf('alice').at(-1)).toEqual(UNKNOWN)
    expect(bob.texts.join()).not.toContain('unseen')
  })

  test('who has never connected, and nobody at all, may be announced too', async () => {
    const { world, announce } = createScene({}, true)
    await announce('alice')
    await announce('nobody')
    expect(world.errors).toEqual([])
  })

  test('S7: contacts that cannot be asked hide, they do not show', async () => {
    const { world, befriend, announce } = createScene({}, false)
    await world.open('alice', { watch: [] })
    const bob = await world.open('bob', { watch: ['alice'] })
    befriend()
    world.contacts.mode = 'reject'
    await announce('alice')
    expect(new Set(bob.statusesOf('alice'))).toEqual(new Set(['unknown']))
  })

  test('S8: contacts that could not be asked are asked again', async () => {
    const { world, announce } = createScene({}, true)
    const alice = await world.open('alice', { watch: [] })
    const bob = await world.open('bob')
    const second = await world.open('bob', { watch: ['alice'] })
    world.contacts.mode = 'reject'
    await announce('bob')
    await world.clock.advance(2_000)
    world.contacts.mode = 'open'
    await world.clock.advance(1_200)
    await stir(alice, 'seen')
    expect([bob, second].map((peer) => peer.toldOf('alice').at(-1)?.text)).toEqual(['seen', 'seen'])
  })

  test('S8: what the storage did not tell of a new contact comes when it does', async () => {
    const { world, befriend, announce } = createScene({}, false)
    await world.open('alice', { watch: [] })
    const peers = [await world.open('bob'), await world.open('bob', { watch: ['alice'] })]
    befriend()
    world.storage.mode = 'reject'
    await announce('alice')
    await world.clock.advance(3_000)
    world.storage.mode = 'open'
    await world.clock.advance(1_200)
    expect(peers.map((peer) => peer.statusesOf('alice').at(-1))).toEqual(['online', 'online'])
  })
})
