/** The life of a user's presence on one node, as their contacts see it. */
import { describe, expect, test } from 'vitest'
import { choice, createServerWorld, GOODBYE, GRACE, type Peer, T } from '../support/server-world.ts'

const last = <Item>(items: readonly Item[]): Item => items.at(-1) as Item
const cut = (peer: Peer): void => {
  peer.link.cut()
}

describe('coming and going', () => {
  test('M2 M3: who comes online is shown so to the contacts who are connected, and to nobody else', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const zoe = await world.open('zoe', { watch: ['alice'] })
    const alice = await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
    expect(zoe.statusesOf('alice')).toEqual(['unknown'])
    expect(alice.of('self')).toEqual([{ type: 'self', status: 'online', chosen: 'auto' }])
    expect(alice.statusesOf('bob')).toEqual(['online'])
    expect(world.events).toContain('online alice online')
  })

  test('S9 M4: a goodbye on the last session is told at once, with its instant', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await world.clock.advance(12_345)
    const before = bob.frames.length
    await alice.say(GOODBYE)
    const [record] = bob.toldOf('alice').slice(-1)
    expect(bob.frames.slice(before)).toEqual([{ type: 'PRESENCE_UPDATE', users: [record] }])
    expect(record).toMatchObject({ user: 'alice', status: 'offline', reason: 'leave' })
    expect(Math.abs((record?.lastSeen ?? 0) - world.clock.time())).toBeLessThanOrEqual(1)
    expect(alice.closed).toEqual({ code: 1000, reason: '' })
  })

  test('a goodbye while the announcement is still on its way to the storage is not lost with the connection', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    world.storage.mode = 'hold'
    const alice = await world.open('alice', { watch: [] })
    alice.send(GOODBYE)
    alice.socket.close(1000)
    await world.clock.settle()
    world.storage.mode = 'open'
    while (world.storage.held.length > 0) {
      world.storage.release()
      await world.clock.settle()
    }
    await world.clock.advance(100)
    expect(await world.server.get(['alice'])).toMatchObject([{ status: 'offline', reason: 'leave' }])
    expect(['offline', undefined]).toContain(last(bob.statusesOf('alice')))
  })

  test('S1 S6 M5: without a sign of life for T a user is offline, last seen at the last answered heartbeat', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await world.clock.advance(25_000)
    expect(alice.beats).toBe(1)
    // The first beat came after 18 to 22 s; find out when exactly by the next one.
    let answeredAt = 0
    const beats = alice.beats
    while (alice.beats === beats) {
      await world.clock.advance(10)
      answeredAt = world.clock.time()
    }
    const cutAt = world.clock.now()
    cut(alice)
    while (last(bob.statusesOf('alice')) === 'online') await world.clock.advance(10)
    const record = last(bob.toldOf('alice'))
    expect(record).toMatchObject({ status: 'offline', reason: 'expire' })
    expect(Math.abs((record.lastSeen ?? 0) - answeredAt)).toBeLessThanOrEqual(11)
    expect(world.clock.now() - cutAt).toBeGreaterThanOrEqual(T - 20)
    expect(world.clock.now() - cutAt).toBeLessThanOrEqual(T + 200)
    expect(record).not.toHaveProperty('accuracy')
  })

  test('S2: a client that answers late, but within T, stays online', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    alice.answers = false
    for (let round = 0; round < 5; round++) {
      await world.clock.advance(T - 500)
      await alice.say({ type: 'heartbeat' })
    }
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test('S2: a process that was frozen for longer than T reads what lies there before it judges', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    await world.open('alice')
    await world.clock.stall(T + 30_000)
    await world.clock.advance(T)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test('S6: a close frame is a sign of life, so last seen is its instant; a reset is none', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await world.clock.advance(5_000)
    const closedAt = world.clock.time()
    alice.socket.close(1000)
    await world.clock.advance(GRACE + 200)
    expect(Math.abs((last(bob.toldOf('alice')).lastSeen ?? 0) - closedAt)).toBeLessThanOrEqual(1)

    const again = await world.open('alice')
    const openedAt = world.clock.time()
    await world.clock.advance(5_000)
    again.link.reset()
    await world.clock.advance(GRACE + 200)
    expect(last(bob.toldOf('alice'))).toMatchObject({ status: 'offline', reason: 'drop' })
    expect(Math.abs((last(bob.toldOf('alice')).lastSeen ?? 0) - openedAt)).toBeLessThanOrEqual(1)
  })

  test('S6: no stepped wall clock ever shows a last seen in the future', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await alice.say(GOODBYE)
    world.clock.stepTime(-3_600_000)
    await bob.say({ type: 'fetch', users: ['alice'], ref: 2 })
    expect(last(bob.toldOf('alice')).lastSeen).toBeLessThanOrEqual(world.clock.time())
    const again = await world.open('alice')
    await again.say(GOODBYE)
    await world.clock.settle()
    expect(last(bob.toldOf('alice')).lastSeen).toBeLessThanOrEqual(world.clock.time())
  })

  test('L6: a peer that is half open is removed within T + 1 s, whichever way is dead', async () => {
    const world = createServerWorld()
    const [up, down] = [await world.open('alice'), await world.open('bob')]
    up.link.mute('up')
    down.link.mute('down')
    await world.clock.advance(T + 1_000)
    expect(world.server.health().connections).toBe(0)
  })

  test('L6: sockets that never say hello, and ones that never announce themselves, are removed too', async () => {
    const world = createServerWorld()
    await world.connect()
    const mute = await world.connect()
    await mute.say({ type: 'hello', version: 1, token: 'alice' })
    cut(mute)
    await world.clock.advance(T + 1_000)
    expect(world.server.health().connections).toBe(0)
  })
})

describe('grace', () => {
  test('S10: a drop and return within the grace tells nobody', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    const told = bob.texts.length
    const events = world.events.length
    alice.link.reset()
    await world.clock.advance(GRACE - 100)
    await world.open('alice', { previous: alice.session })
    await world.clock.advance(2 * GRACE)
    expect(bob.texts.slice(told)).toEqual([])
    expect(world.events.slice(events)).toEqual([])
  })

  test('S10: a return without the name of the old session counts as well', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    const told = bob.texts.length
    alice.link.reset()
    await world.clock.advance(GRACE - 100)
    await world.open('alice')
    await world.clock.advance(2 * GRACE)
    expect(bob.texts.slice(told)).toEqual([])
  })

  test('S10: who is not back at its end is offline then, as of the last sign of life, and online at the return', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    const seenAt = world.clock.time()
    await world.clock.advance(3_000)
    alice.link.reset()
    await world.clock.advance(GRACE - 1)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
    await world.clock.advance(200)
    expect(last(bob.toldOf('alice'))).toMatchObject({ status: 'offline', reason: 'drop' })
    expect(Math.abs((last(bob.toldOf('alice')).lastSeen ?? 0) - seenAt)).toBeLessThanOrEqual(1)
    await world.open('alice', { previous: alice.session })
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline', 'online'])
  })

  test('S10: another device that comes within the grace keeps the user online', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const phone = await world.open('alice', { device: 'phone' })
    phone.link.reset()
    await world.clock.advance(GRACE / 2)
    await world.open('alice', { device: 'laptop' })
    await world.clock.advance(2 * GRACE)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test('S9: a session in grace counts as live, so a goodbye beside it is no transition yet', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const phone = await world.open('alice')
    const laptop = await world.open('alice')
    phone.link.reset()
    await world.clock.settle()
    await laptop.say(GOODBYE)
    const goodbyeAt = world.clock.time()
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
    await world.clock.advance(GRACE + 200)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
    expect(Math.abs((last(bob.toldOf('alice')).lastSeen ?? 0) - goodbyeAt)).toBeLessThanOrEqual(1)
  })

  test('grace never outlasts last heartbeat + T', async () => {
    const world = createServerWorld({ graceMs: 50_000 })
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    alice.answers = false
    await world.clock.advance(T - 5_000)
    alice.link.reset()
    await world.clock.advance(5_200)
    expect(last(bob.statusesOf('alice'))).toBe('offline')
  })

  test('S10: where more than 100 drop at once, all of them have the time that their return needs', async () => {
    const users = Array.from({ length: 200 }, (_, index) => `user${index}`)
    const world = createServerWorld({
      book: { watcher: users, ...Object.fromEntries(users.map((user) => [user, ['watcher']])) },
      limits: { admissionsPerSecond: 20 },
    })
    const peers: Peer[] = []
    for (const user of users) {
      peers.push(await world.open(user, { watch: [] }))
      await world.clock.advance(60)
    }
    const watcher = await world.open('watcher')
    const told = watcher.texts.length
    for (const peer of peers) peer.link.reset()
    await world.clock.settle()
    // 200 at 20 a second need ten seconds; grace is twice that.
    await world.clock.advance(15_000)
    expect(watcher.texts.slice(told)).toEqual([])
    await world.clock.advance(5_300)
    const offline = users.filter((user) => last(watcher.statusesOf(user)) === 'offline')
    expect(offline).toHaveLength(200)
  })
})

describe('many sessions', () => {
  test('S15: of five devices four may go, one way or the other, and nothing shows', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const devices = []
    for (let index = 0; index < 5; index++) devices.push(await world.open('alice', { device: `d${index}` }))
    const told = bob.texts.length
    await (devices[0] as Peer).say(GOODBYE)
    devices[1]?.link.reset()
    devices[2]?.socket.close(1000)
    cut(devices[3] as Peer)
    await world.clock.advance(2 * T)
    expect(bob.texts.slice(told)).toEqual([])
    await (devices[4] as Peer).say(GOODBYE)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
  })

  test('S12: `previous` supersedes exactly that session, and the late close of its socket ends nobody', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const old = await world.open('alice')
    const other = await world.open('alice', { device: 'other' })
    const told = bob.texts.length
    cut(old)
    const renewed = await world.open('alice', { previous: old.session })
    expect(world.server.health().connections).toBe(4)
    old.link.heal()
    await world.clock.advance(100)
    expect(old.closed).toEqual({ code: 4005, reason: 'SUPERSEDED' })
    await world.clock.advance(2 * T)
    expect([renewed.closed, other.closed]).toEqual([null, null])
    expect(bob.texts.slice(told)).toEqual([])
    await other.say(GOODBYE)
    await renewed.say(GOODBYE)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
  })

  test("S12: somebody else's session as `previous` does nothing", async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    const told = alice.texts.length
    const carol = await world.open('carol', { previous: bob.session })
    await world.clock.advance(GRACE)
    expect(bob.closed).toBeNull()
    expect(alice.texts.slice(told).join()).not.toContain('"bob"')
    await carol.say(GOODBYE)
    expect(last(alice.statusesOf('bob'))).toBe('online')
  })

  test('a session that names itself, or one that never was, is an ordinary one', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice', { previous: 'never-was' })
    await alice.say(GOODBYE)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
  })

  test('the liveliest session wins, online before away', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const phone = await world.open('alice', { status: 'away' })
    expect(last(bob.statusesOf('alice'))).toBe('away')
    const laptop = await world.open('alice')
    expect(last(bob.statusesOf('alice'))).toBe('online')
    await phone.say({ type: 'PRESENCE_UPDATE', status: 'online' })
    await laptop.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    expect(bob.statusesOf('alice')).toEqual(['offline', 'away', 'online'])
    await phone.say(GOODBYE)
    expect(last(bob.statusesOf('alice'))).toBe('away')
  })

  test('a session that never announced itself does not take the user of another with it', async () => {
    const world = createServerWorld()
    const first = await world.open('bob')
    const quiet = await world.connect()
    await quiet.say({ type: 'hello', version: 1, token: 'bob' })
    await first.say(GOODBYE)
    const second = await world.open('bob')
    quiet.link.reset()
    await world.clock.settle()
    const alice = await world.open('alice')
    expect(second.statusesOf('alice')).toEqual(['offline', 'online'])
    await alice.say(GOODBYE)
    expect(second.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
  })

  test('S4: reports that come while the storage is busy are not lost', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    world.storage.mode = 'hold'
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'online' })
    world.storage.mode = 'open'
    world.storage.release()
    await world.clock.advance(100)
    expect(await world.server.get(['alice'])).toMatchObject([{ status: 'online' }])
    expect(last(bob.statusesOf('alice'))).toBe('online')
  })
})

describe('what a user chooses', () => {
  test.each(['away', 'busy', 'online'])(
    '%s holds on all sessions, through reconnects, until auto',
    async (status) => {
      const world = createServerWorld()
      const bob = await world.open('bob')
      const phone = await world.open('alice', { status: status === 'online' ? 'away' : 'online' })
      await phone.say(choice(status, { text: 'words', ref: 7 }))
      expect(last(phone.of('self'))).toEqual({ type: 'self', status, chosen: status, text: 'words', ref: 7 })
      expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status, text: 'words' })
      await phone.say(GOODBYE)
      const laptop = await world.open('alice')
      expect(last(laptop.of('self'))).toEqual({ type: 'self', status, chosen: status, text: 'words' })
      expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status, text: 'words' })
      await laptop.say(choice('auto', { text: null }))
      expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status: 'online' })
    },
  )

  test('text: left out it stays, null clears it, and it is not shown while offline', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await alice.say(choice('busy', { text: 'one' }))
    await alice.say(choice('away'))
    expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status: 'away', text: 'one' })
    await alice.say(choice('auto'))
    expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status: 'online', text: 'one' })
    await alice.say(choice('auto', { text: null }))
    expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status: 'online' })
    await alice.say(choice('busy', { text: 'two' }))
    await alice.say(GOODBYE)
    expect(last(bob.toldOf('alice'))).not.toHaveProperty('text')
  })

  test('all own sessions are told, each once, and the one that asked with its ref', async () => {
    const world = createServerWorld()
    const [one, two] = [await world.open('alice'), await world.open('alice')]
    one.clear()
    two.clear()
    await one.say(choice('busy', { ref: 5 }))
    expect(one.of('self')).toEqual([{ type: 'self', status: 'busy', chosen: 'busy', ref: 5 }])
    expect(two.of('self')).toEqual([{ type: 'self', status: 'busy', chosen: 'busy' }])
    await one.say(choice('busy', { ref: 6 }))
    expect(one.of('self')).toHaveLength(2)
    expect(two.of('self')).toHaveLength(1)
  })

  test('a choice lapses by itself, and its text with it', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await alice.say(choice('busy', { text: 'lunch', expiresInMs: 30_000 }))
    expect(last(alice.of('self')).expiresInMs).toBe(30_000)
    await world.clock.advance(29_900)
    expect(last(bob.statusesOf('alice'))).toBe('busy')
    await world.clock.advance(300)
    expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status: 'online' })
    expect(last(alice.of('self'))).toEqual({ type: 'self', status: 'online', chosen: 'auto' })
  })

  test('a choice lapses while the user is away from here, and shows nothing of it at the return', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await alice.say(choice('busy', { text: 'lunch', expiresInMs: 30_000 }))
    await alice.say(GOODBYE)
    await world.clock.advance(40_000)
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'busy', 'offline', 'online'])
    expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status: 'online' })
  })

  test('invisible lapses too: the user comes online then', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await alice.say(choice('invisible', { expiresInMs: 30_000 }))
    await world.clock.advance(30_200)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline', 'online'])
  })

  test('S7: invisible looks exactly like a leave at that moment, and stays so', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const [hider, leaver] = [await world.open('alice'), await world.open('carol')]
    const alice = await world.open('alice')
    bob.clear()
    await hider.say(GOODBYE)
    await alice.say(choice('invisible', { text: 'hidden' }))
    const hiddenAt = world.clock.time()
    const told = bob.texts.map((text) => text.replace(/\d{10,}/, 'INSTANT'))
    expect(told).toEqual([
      '{"type":"PRESENCE_UPDATE","users":[{"user":"alice","status":"offline","lastSeen":INSTANT,"reason":"leave"}]}',
    ])
    expect(last(alice.of('self'))).toMatchObject({ status: 'offline', chosen: 'invisible', text: 'hidden' })
    expect(leaver.closed).toBeNull()

    // Whatever the hidden one does from here on, nobody is told, and whoever asks sees the same.
    await world.clock.advance(1_000)
    const second = await world.open('alice')
    await second.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await second.say(choice('invisible', { text: 'still' }))
    second.link.reset()
    await world.clock.advance(T)
    await alice.say(GOODBYE)
    await world.clock.advance(T)
    expect(bob.texts).toHaveLength(1)
    await bob.say({ type: 'fetch', users: ['alice'], ref: 9 })
    expect(last(bob.texts)).toMatch(
      /^\{"type":"snapshot","ref":9,"users":\[\{"user":"alice","status":"offline","lastSeen":\d+,"reason":"leave"\}\]\}$/,
    )
    expect(Math.abs((last(bob.toldOf('alice')).lastSeen ?? 0) - hiddenAt)).toBeLessThanOrEqual(1)
    expect(world.events.filter((event) => event.includes('alice'))).toEqual([
      'change alice online',
      'online alice online',
      'change alice offline',
      'offline alice offline',
    ])
  })

  test('S7: who comes back hidden is not shown, and can look around', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await alice.say(choice('invisible'))
    await alice.say(GOODBYE)
    bob.clear()
    const again = await world.open('alice')
    await bob.say(GOODBYE)
    expect(again.statusesOf('bob')).toEqual(['online', 'offline'])
    expect(bob.toldOf('alice')).toEqual([])
  })
})

describe('flapping', () => {
  test('S10: sixty changes in a minute pass without delay; above, the newest goes out once a second', async () => {
    const world = createServerWorld({ limits: { framesPerSecond: 0 } })
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    bob.clear()
    // Coming online was the first.
    for (let change = 2; change <= 60; change++) {
      await alice.say(choice(change % 2 === 0 ? 'busy' : 'away'))
      expect(bob.statusesOf('alice')).toHaveLength(change - 1)
    }
    bob.clear()
    const startedAt = world.clock.now()
    while (world.clock.now() - startedAt < 10_000) {
      await alice.say(choice(bob.frames.length % 2 === 0 ? 'online' : 'busy'))
      await world.clock.advance(50)
      await alice.say(choice('away'))
      await world.clock.advance(50)
    }
    await world.clock.advance(1_100)
    expect(bob.frames.length).toBeLessThanOrEqual(12)
    await alice.say(choice('online', { text: 'the newest' }))
    await world.clock.advance(1_200)
    expect(last(bob.toldOf('alice'))).toEqual({ user: 'alice', status: 'online', text: 'the newest' })
  })

  test('S10: ten goodbyes and returns a second reach nobody more than once a second', async () => {
    const world = createServerWorld({ limits: { changesPerMinute: 20 } })
    const bob = await world.open('bob')
    for (let round = 0; round < 100; round++) {
      const alice = await world.open('alice', { watch: [] })
      await world.clock.advance(50)
      await alice.say(GOODBYE)
      await world.clock.advance(50)
    }
    expect(bob.toldOf('alice').length).toBeLessThanOrEqual(1 + 20 + 12)
    await world.clock.advance(2_000)
    expect(last(bob.statusesOf('alice'))).toBe('offline')
  })

  test('S11: a change is told once on a connection, also where it watches twice over', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    await bob.say({ type: 'subscribe', users: ['alice'], ref: 2 })
    bob.clear()
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['online'])
  })

  test('what comes back within one turn to what was told is not told', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    bob.clear()
    alice.send(choice('busy'))
    alice.send(choice('auto'))
    await world.clock.advance(100)
    expect(bob.texts).toEqual([])
  })
})
