/** Whatever befalls a node, the storage or the way between them: presence does not lie. */
import { addressOf } from '../../src/core/lease.ts'
import { describe, expect, test } from 'vitest'
import {
  CALL_TIMEOUT_MS,
  type ClusterNode,
  type ClusterWorld,
  createClusterWorld,
} from '../support/cluster-world.ts'
import { A, F, H, L, R, W } from '../support/cluster-world.ts'
import { GOODBYE, GRACE, type Peer, T } from '../support/server-world.ts'

interface Scene extends ClusterWorld {
  readonly one: ClusterNode
  readonly two: ClusterNode
  readonly alice: Peer
  /** On node two; sees alice, who is on node one. */
  readonly bob: Peer
}

/** Alice on node one, Bob on node two, who has been told that she is online. */
async function scene(options: Parameters<typeof createClusterWorld>[0] = {}): Promise<Scene> {
  const world = await createClusterWorld(options)
  const [one, two] = world.nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  const alice = await one.open('alice')
  await world.clock.advance(2 * F)
  expect(bob.statusesOf('alice').at(-1)).toBe('online')
  bob.clear()
  return { ...world, one, two, alice, bob }
}

describe('a node that dies', () => {
  test('S1: its users go offline, each T after their last heartbeat, by T + W + L at the latest', async () => {
    const { one, bob, clock } = await scene()
    const diedAt = clock.now()
    one.kill()
    await clock.advance(T - 1.1 * H - F - 10)
    expect(bob.statusesOf('alice')).toEqual([])
    await clock.advance(diedAt + T + W + L - clock.now())
    expect(bob.statusesOf('alice')).toEqual(['offline'])
  })

  test('S6: their last seen is approximate, off by F + 1.1 H at the most', async () => {
    const { one, bob, clock } = await scene()
    const diedAt = clock.time()
    one.kill()
    await clock.advance(T + W + L)
    const [told] = bob.toldOf('alice')
    expect(told).toMatchObject({ reason: 'node', accuracy: 'approximate' })
    expect(Math.abs((told?.lastSeen ?? 0) - diedAt)).toBeLessThanOrEqual(F + 1.1 * H)
  })

  test('S6: likewise where the storage was out from then on, longer than a session lives, and its clock was set right by a little', async () => {
    const { cluster, one, two, alice, clock } = await scene()
    const diedAt = clock.time()
    two.kill()
    one.way.storage = 'refused'
    await clock.advance(2 * T)
    cluster.stepTime(1)
    one.way.storage = 'open'
    await clock.advance(R + W + L)
    const told = alice.toldOf('bob').at(-1)
    expect(told).toMatchObject({ reason: 'node', accuracy: 'approximate' })
    expect(Math.abs((told?.lastSeen ?? 0) - diedAt)).toBeLessThanOrEqual(F + 1.1 * H)
  })

  test('S2: who comes back on another node meanwhile stays online, and nobody is told anything', async () => {
    const { one, two, alice, bob, clock, stored } = await scene()
    one.kill()
    await clock.advance(GRACE)
    const back = await two.open('alice', { previous: alice.session })
    await clock.advance(2 * T)
    expect(bob.toldOf('alice')).toEqual([])
    expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([back.session])
  })

  test('S1: if the one that ends its sessions dies as well, a third goes on', async () => {
    const { one, two, nodes, clock, stored } = await scene({ count: 3 })
    const carol = await (nodes[2] as ClusterNode).open('carol')
    one.kill()
    await clock.advance(L + W)
    two.kill()
    await clock.advance(T + W + L)
    expect(carol.statusesOf('alice').at(-1)).toBe('offline')
    expect(stored('bob').record?.sessions).toEqual([])
  })

  test('its entry goes with the last of its sessions', async () => {
    const { one, clock, cluster } = await scene()
    one.kill()
    await clock.advance(2 * T)
    expect(cluster.entries()).toHaveLength(1)
  })
})

describe('a node that freezes and returns', () => {
  test('S13: it says nothing before it has joined again', async () => {
    const { one, two, alice, clock } = await scene()
    const carol = await one.open('carol')
    one.process.freeze()
    await clock.advance(L)
    carol.clear()
    const back = await two.open('alice', { previous: alice.session })
    await back.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await clock.advance(10)
    one.way.storage = 'cut'
    one.process.thaw()
    await clock.advance(1_000)
    expect(carol.of('PRESENCE_UPDATE')).toEqual([])
    one.way.storage = 'open'
    await clock.advance(CALL_TIMEOUT_MS + 2 * F)
    expect(carol.statusesOf('alice').at(-1)).toBe('away')
  })

  test('S12: a session that was superseded meanwhile does not come back', async () => {
    const { one, two, alice, clock, stored } = await scene()
    alice.link.cut()
    one.process.freeze()
    await clock.advance(L)
    const back = await two.open('alice', { previous: alice.session })
    await clock.advance(10)
    one.process.thaw()
    await clock.advance(2 * F)
    expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([back.session])
  })

  test('S12: nor by a frame that had been on its way for long and answers nothing', async () => {
    const { one, two, alice, clock, stored } = await scene()
    alice.answers = false
    one.way.bus = 'lost'
    const back = await two.open('alice', { previous: alice.session })
    await clock.advance(10)
    one.way.bus = 'open'
    await clock.advance(2 * F)
    await alice.say({ type: 'roster', watch: true, ref: 9 })
    await clock.advance(F)
    expect(alice.closed).toBeNull()
    expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([back.session])
  })

  test('S2: a session that is alive is online again within 2 F of the thaw, though it was ended meanwhile', async () => {
    const { one, alice, bob, clock } = await scene()
    one.way.storage = 'cut'
    await clock.advance(2 * T)
    expect(bob.statusesOf('alice')).toEqual(['offline'])
    expect(alice.closed).toBeNull()
    one.way.storage = 'open'
    await clock.advance(2 * F)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })
})

describe('a node that is cut off alone', () => {
  test('S2: none of its users goes offline within T − 1.1 H − F, and none at all if it is back by then', async () => {
    const { one, bob, clock } = await scene()
    one.way.storage = 'cut'
    await clock.advance(T - 1.1 * H - F - 100)
    one.way.storage = 'open'
    await clock.advance(3 * T)
    expect(bob.statusesOf('alice')).toEqual([])
  })

  test('S2: likewise where its writes arrive and the answers are lost', async () => {
    const { one, bob, clock } = await scene()
    one.way.storage = 'deaf'
    await clock.advance(3 * T)
    one.way.storage = 'open'
    await clock.advance(T)
    expect(bob.statusesOf('alice')).toEqual([])
  })
})

describe('an outage of the storage', () => {
  const cut = (nodes: readonly ClusterNode[], how: 'cut' | 'refused' | 'open'): void => {
    for (const { way } of nodes) way.storage = how
  }

  test.each(['cut', 'refused'] as const)(
    'S2, L4: nobody goes offline and no transition is made (%s)',
    async (how) => {
      const { nodes, alice, bob, clock } = await scene()
      cut(nodes, how)
      await clock.advance(3 * T)
      cut(nodes, 'open')
      await clock.advance(3 * T)
      expect([...bob.statusesOf('alice'), ...alice.statusesOf('bob')]).toEqual(['online'])
      expect([alice.closed, bob.closed]).toEqual([null, null])
    },
  )

  test('L4: what is known is stale at once where the storage refuses, and by F + the timeout of a call where it hangs', async () => {
    for (const [how, ms] of [
      ['refused', F],
      ['cut', F + CALL_TIMEOUT_MS],
    ] as const) {
      const { nodes, alice, clock } = await scene()
      cut(nodes, how)
      await clock.advance(ms)
      expect(alice.of('stale').map(({ stale }) => stale)).toEqual([true])
      cut(nodes, 'open')
      await clock.advance(CALL_TIMEOUT_MS + 2 * F)
      expect(alice.of('stale').map(({ stale }) => stale)).toEqual([true, false])
    }
  })

  test('L4: a goodbye meanwhile is kept, and decided R after the storage is back', async () => {
    const { nodes, alice, bob, clock } = await scene()
    cut(nodes, 'refused')
    await clock.advance(F)
    await alice.say(GOODBYE)
    const saidAt = clock.time()
    await clock.advance(2 * F)
    cut(nodes, 'open')
    await clock.advance(R - 100)
    expect(bob.statusesOf('alice')).toEqual([])
    await clock.advance(2 * F)
    expect(bob.toldOf('alice')).toMatchObject([{ status: 'offline', reason: 'leave' }])
    expect(Math.abs((bob.toldOf('alice')[0]?.lastSeen ?? 0) - saidAt)).toBeLessThan(100)
  })

  test('S1: who dies in an outage of length X is offline by T + W + X + R', async () => {
    const { nodes, alice, bob, clock } = await scene()
    cut(nodes, 'refused')
    alice.link.cut()
    await clock.advance(2 * T)
    cut(nodes, 'open')
    await clock.advance(F + R + W)
    expect(bob.statusesOf('alice')).toEqual(['offline'])
  })
})

describe('a storage that loses', () => {
  test('L2: everything: who is online is back within 2 F, and nobody was ever shown offline', async () => {
    const { cluster, bob, clock, stored, one } = await scene()
    cluster.wipe()
    const answer = one.server.get(['alice'])
    await clock.advance(10)
    expect((await answer)[0]?.status).toBe('unknown')
    await clock.advance(2 * F)
    expect(stored('alice').record?.sessions).toHaveLength(1)
    await clock.advance(3 * T)
    expect(bob.statusesOf('alice')).toEqual([])
    expect(stored('alice').record?.sessions).toHaveLength(1)
  })

  test('L2: who hides stays hidden', async () => {
    const { cluster, alice, bob, clock, stored } = await scene()
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'invisible' })
    await clock.advance(10)
    cluster.wipe()
    await clock.advance(3 * T)
    expect(bob.statusesOf('alice')).toEqual(['offline'])
    expect(stored('alice').record?.choice?.status).toBe('invisible')
  })

  test('L2: who left is unknown for R, and then offline', async () => {
    const { cluster, two, clock } = await scene()
    cluster.wipe()
    await clock.advance(F + 10)
    const status = async (): Promise<string | undefined> => {
      const answer = two.server.get(['carol'])
      await clock.advance(10)
      return (await answer)[0]?.status
    }
    expect(await status()).toBe('unknown')
    await clock.advance(R + 10)
    expect(await status()).toBe('offline')
  })

  test.each(['a coming', 'a leaving', 'a choice'])(
    'L3: %s in a failover: it is repaired within 2 F + 1.2 A',
    async (what) => {
      const { cluster, one, alice, bob, clock, stored } = await scene()
      const acts = {
        'a coming': () => one.open('alice'),
        'a leaving': () => alice.say(GOODBYE),
        'a choice': () => alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' }),
      }
      cluster.mark()
      await acts[what as keyof typeof acts]()
      await clock.advance(100)
      const before = bob.statusesOf('alice')
      cluster.lose()
      await clock.advance(2 * F + 1.2 * A)
      expect(stored('alice').record?.sessions).toHaveLength(
        { 'a coming': 2, 'a leaving': 0, 'a choice': 1 }[what] ?? 0,
      )
      expect(bob.statusesOf('alice')).toEqual(before)
      if (what === 'a choice') expect(stored('alice').record?.choice?.status).toBe('busy')
    },
  )

  test('L3: what a dead node wrote last and the storage lost: watchers and storage agree again', async () => {
    const { cluster, one, alice, bob, clock, two } = await scene()
    cluster.mark()
    await alice.say(GOODBYE)
    await clock.advance(100)
    one.kill()
    cluster.lose()
    await clock.advance(3 * T)
    const answer = two.server.get(['alice'])
    await clock.advance(10)
    expect((await answer)[0]?.status).toBe('offline')
    expect(bob.statusesOf('alice').at(-1)).toBe('offline')
  })
})

describe("the storage's clock is stepped", () => {
  test.each([1, -1])(
    'S14: by %s h: nobody goes offline, and who dies then is offline in time',
    async (hours) => {
      const { cluster, one, alice, bob, clock } = await scene()
      cluster.stepTime(hours * 3_600_000)
      await clock.advance(2 * T)
      expect(bob.statusesOf('alice')).toEqual([])
      expect(alice.closed).toBeNull()
      one.kill()
      await clock.advance(T + W + L + F)
      expect(bob.statusesOf('alice')).toEqual(['offline'])
    },
  )

  test('S2: a node that was cut off then is no judge of when it heard of another last', async () => {
    const { cluster, one, two, bob, clock } = await scene()
    two.way.storage = 'cut'
    await clock.advance(L)
    one.way.storage = 'cut'
    cluster.stepTime(3_600_000)
    two.way.storage = 'open'
    await clock.advance(T - 1.1 * H - F - 100)
    expect(bob.statusesOf('alice')).not.toContain('offline')
    await clock.advance(T)
    expect(bob.statusesOf('alice')).toContain('offline')
  })
})

describe('a bus that loses', () => {
  test('L1: one message: its watchers are told within F + 2 s', async () => {
    const { two, alice, bob, clock } = await scene()
    two.way.bus = 'lost'
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    await clock.advance(10)
    two.way.bus = 'open'
    expect(bob.statusesOf('alice')).toEqual([])
    await clock.advance(F + 2_000)
    expect(bob.statusesOf('alice')).toEqual(['busy'])
  })

  test('L1: who could not be read when the loss was found is read again after F, and not only by the next comparison', async () => {
    const { two, alice, bob, clock } = await scene()
    two.way.bus = 'lost'
    two.way.outOf.add('alice')
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    await clock.advance(10)
    two.way.bus = 'open'
    await clock.advance(2 * F)
    two.way.outOf.clear()
    expect(bob.statusesOf('alice')).toEqual([])
    await clock.advance(F + 100)
    expect(bob.statusesOf('alice')).toEqual(['busy'])
  })

  test('L1: likewise where not a part of the storage failed, but the whole call', async () => {
    const { two, alice, bob, clock } = await scene()
    two.way.bus = 'lost'
    two.way.storage = 'partly'
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    await clock.advance(10)
    two.way.bus = 'open'
    await clock.advance(2 * F)
    two.way.storage = 'open'
    expect(bob.statusesOf('alice')).toEqual([])
    await clock.advance(F + 100)
    expect(bob.statusesOf('alice')).toEqual(['busy'])
  })

  test('S3: a forged record under no version is told to nobody, not even to who waits for the first', async () => {
    const { nodes, cluster, clock } = await createClusterWorld()
    const [, two] = nodes as [ClusterNode, ClusterNode]
    const bob = await two.open('bob', { watch: [] })
    await clock.advance(10)
    two.way.storage = 'deaf'
    await bob.say({ type: 'subscribe', users: ['alice'], ref: 2 })
    const second = addressOf(cluster.entries()[1]?.incarnation ?? '')
    const record = { sessions: [], choice: null, lastSeen: 1, lastSeenAccuracy: 'exact', reason: null }
    const items = [['tell', 'alice', 0, 0, record, null]]
    await cluster.storage().bus?.publish(second, JSON.stringify([1, 'x', 1, items]))
    await clock.advance(10)
    expect(bob.toldOf('alice')).toEqual([])
  })

  test('L1: also after somebody has forged a number of its sender that is far ahead', async () => {
    const { two, cluster, alice, bob, clock } = await scene()
    const [first = '', second = ''] = cluster.entries().map(({ incarnation }) => addressOf(incarnation))
    await cluster.storage().bus?.publish(second, JSON.stringify([1, first, 1e9, []]))
    await clock.advance(2 * F)
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'away', chosen: true })
    await clock.advance(2 * F)
    two.way.bus = 'lost'
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    await clock.advance(10)
    two.way.bus = 'open'
    bob.clear()
    await clock.advance(F + 2_000)
    expect(bob.statusesOf('alice')).toEqual(['busy'])
  })

  test('L1: everything: a node that does not hear its own canary listens anew, and finds what it missed', async () => {
    const { two, alice, bob, clock } = await scene()
    two.way.bus = 'lost'
    await clock.advance(F)
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    await clock.advance(2 * F)
    const listened = two.way.calls.get('listen') ?? 0
    expect(listened).toBeGreaterThan(1)
    expect(bob.statusesOf('alice')).toEqual(['busy'])
    expect(two.server.health().reasons).toEqual([])
  })

  test('S4: what its writer died untold of: the comparison finds it within 1.2 A', async () => {
    const compareMs = T / 3
    const { one, two, alice, bob, clock } = await scene({ compareMs })
    two.way.bus = 'lost'
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    await clock.advance(1)
    one.kill()
    two.way.bus = 'open'
    await clock.advance(1.2 * compareMs)
    expect(bob.statusesOf('alice')[0]).toBe('busy')
  })
})

describe('a node that drains', () => {
  test('L5: clients that come back within D + g cause no notification, and what is left ends by S1', async () => {
    const { one, two, alice, bob, clock, nodes } = await scene()
    const carol = await one.open('carol')
    const watcher = await two.open('alice')
    await clock.advance(10)
    const D = 20_000
    let closed = false
    void one.server.close({ drainMs: D }).then(() => {
      closed = true
    })
    while (!alice.closed) await clock.advance(100)
    expect(alice.closed.code).toBe(1012)
    await (nodes[1] as ClusterNode).open('alice', { previous: alice.session })
    await clock.advance(D + 2_000)
    expect(closed).toBe(true)
    expect(carol.closed?.code).toBe(1012)
    expect(bob.toldOf('alice')).toEqual([])
    expect(watcher.statusesOf('carol').at(-1)).toBe('online')
    await clock.advance(T + W)
    expect(watcher.statusesOf('carol').at(-1)).toBe('offline')
    expect(bob.toldOf('alice')).toEqual([])
  })
})
