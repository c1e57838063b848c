/** A failover that lost what was written last: nodes find it one after the other, and who is first does not know all. */
import { expect, test } from 'vitest'
import {
  A,
  type ClusterNode,
  type ClusterWorld,
  createClusterWorld,
  F,
  L,
  W,
} from '../support/cluster-world.ts'
import { GOODBYE, GRACE, type Peer, T } from '../support/server-world.ts'

interface Scene extends ClusterWorld {
  readonly one: ClusterNode
  readonly two: ClusterNode
  readonly three: ClusterNode
  /** On node three; sees Alice. */
  readonly bob: Peer
}

async function scene(): Promise<Scene> {
  const world = await createClusterWorld({ count: 3 })
  const [one, two, three] = world.nodes as [ClusterNode, ClusterNode, ClusterNode]
  const bob = await three.open('bob')
  return { ...world, one, two, three, bob }
}

/** The storage is behind from now on, and out of reach for all; these find back at once, the others three flushes later. */
async function failOver(
  { cluster, clock, nodes }: Scene,
  first: readonly ClusterNode[],
  meanwhile = (): Promise<unknown> => Promise.resolve(),
): Promise<void> {
  cluster.lose()
  for (const { way } of nodes) way.storage = 'refused'
  await clock.advance(F)
  for (const { way } of first) way.storage = 'open'
  await clock.advance(2 * F)
  await meanwhile()
  await clock.advance(F)
  for (const { way } of nodes) way.storage = 'open'
}

/** Alice is where she came last, and nobody saw her go. */
async function survives(world: Scene, { session }: Pick<Peer, 'session'>): Promise<void> {
  const { clock, bob, stored, one, three } = world
  await failOver(world, [one, three])
  await clock.advance(2 * F + 1.2 * A)
  expect(bob.statusesOf('alice')).not.toContain('offline')
  expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([session])
}

test('L3, S2: who came back to another node is not shown offline by the one that they had left', async () => {
  const world = await scene()
  const { cluster, clock, bob, one, two } = world
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  alice.link.reset()
  const back = await two.open('alice', { previous: alice.session })
  await clock.advance(100)
  bob.clear()
  await survives(world, back)
})

test('L3, S2: who came back after a goodbye is not shown offline by those who find the goodbye', async () => {
  const world = await scene()
  const { cluster, clock, bob, one, two } = world
  const alice = await one.open('alice')
  await alice.say(GOODBYE)
  await clock.advance(2 * F)
  cluster.mark()
  const back = await two.open('alice')
  await clock.advance(100)
  bob.clear()
  await survives(world, back)
})

test('L3, S2: whoever subscribes meanwhile is shown what others on the node know, and not what the storage fell back to', async () => {
  const world = await scene()
  const { cluster, clock, one, two, three } = world
  const alice = await one.open('alice')
  await alice.say(GOODBYE)
  await clock.advance(2 * F)
  cluster.mark()
  await two.open('alice')
  await clock.advance(100)
  await failOver(world, [one, three], async () => {
    const carol = await three.open('carol')
    await clock.advance(100)
    expect(carol.statusesOf('alice')).toEqual(['online'])
  })
})

test('L3, S2: who said goodbye and came back is not shown offline by the one that saw but the goodbye', async () => {
  const world = await scene()
  const { cluster, clock, bob, one, two } = world
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  await alice.say(GOODBYE)
  const back = await two.open('alice')
  await clock.advance(100)
  bob.clear()
  await survives(world, back)
})

test('L3: a choice is put back, also where somebody else was the first to find it lost', async () => {
  const world = await scene()
  const { cluster, clock, bob, stored, two, one, three } = world
  const alice = await two.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
  await clock.advance(100)
  bob.clear()
  await failOver(world, [one, three])
  await clock.advance(2 * F + 1.2 * A)
  expect(bob.statusesOf('alice')).toEqual([])
  expect(stored('alice').record?.choice?.status).toBe('busy')
})

test('L3: a choice is put back by the node on which it was made, though its user has gone to another by then', async () => {
  const world = await scene()
  const { cluster, clock, bob, stored, one, two, three } = world
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
  await clock.advance(100)
  await failOver(world, [two, three], () => {
    alice.link.reset()
    return two.open('alice', { previous: alice.session })
  })
  await clock.advance(2 * F + 1.2 * A)
  expect(bob.statusesOf('alice').at(-1)).toBe('busy')
  expect(stored('alice').record).toMatchObject({ choice: { status: 'busy' }, sessions: [{}] })
})

test('L3, S12: who was superseded stands there again by a failover no longer than until the flush that shows it', async () => {
  const { cluster, clock, nodes, stored } = await createClusterWorld({ compareMs: 10 * T })
  const [one] = nodes as [ClusterNode]
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  const back = await one.open('alice', { previous: alice.session })
  await clock.advance(100)
  cluster.lose()
  expect(stored('alice').record?.sessions).toMatchObject([{ id: alice.session }])
  await clock.advance(1.1 * F)
  expect(stored('alice').record?.sessions).toMatchObject([{ id: back.session }])
})

test('L3: a choice that a failover lost with the flush after it is put back by the next flush', async () => {
  const { cluster, clock, nodes, stored } = await createClusterWorld({ compareMs: 10 * T })
  const [one] = nodes as [ClusterNode]
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
  await clock.advance(1.1 * F)
  cluster.lose()
  expect(stored('alice').record?.choice).toBeNull()
  await clock.advance(1.1 * F)
  expect(stored('alice').record?.choice?.status).toBe('busy')
})

test.each(['arrives', 'is lost'])(
  'S12: who puts a lost choice back does not bring back the session that was superseded meanwhile; the message of it %s',
  async (message) => {
    const world = await scene()
    const { cluster, clock, stored, one, two } = world
    const alice = await one.open('alice')
    await clock.advance(2 * F)
    cluster.mark()
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    alice.link.cut()
    one.process.freeze()
    await clock.advance(100)
    cluster.lose()
    if (message === 'is lost') one.way.bus = 'lost'
    const back = await two.open('alice', { previous: alice.session })
    one.way.calls.set('swap', 0)
    one.process.thaw()
    await clock.advance(2 * F)
    expect(stored('alice').record).toMatchObject({
      choice: { status: 'busy' },
      sessions: [{ id: back.session }],
    })
    // Not even for a moment.
    expect(one.way.calls.get('swap')).toBe(1)
  },
)

test('S12: who is superseded before what was lost is put back does not come back with it', async () => {
  const world = await scene()
  const { cluster, clock, stored, one, two } = world
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  await alice.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
  cluster.lose()
  alice.send({ type: 'PRESENCE_UPDATE', status: 'away', chosen: true })
  // The answer by which the loss shows is on its way, and lies unread until there is no lease any more.
  clock.setArrival(0, () => clock.setArrival(0, one.process.freeze))
  await clock.advance(L - F + 500)
  const back = await two.open('alice', { previous: alice.session })
  one.way.calls.set('swap', 0)
  one.process.thaw()
  await clock.advance(2 * F)
  expect(stored('alice').record).toMatchObject({
    choice: { status: 'away' },
    sessions: [{ id: back.session }],
  })
  expect(one.way.calls.get('swap')).toBe(1)
})

test('L4, S2: a part of the storage is out: whoever comes back meanwhile is not shown offline by the node that they left', async () => {
  const { clock, bob, stored, nodes, one, two } = await scene()
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  bob.clear()
  for (const { way } of nodes) way.storage = 'partly'
  alice.link.reset()
  const back = await two.open('alice', { previous: alice.session })
  await clock.advance(GRACE + F)
  one.way.storage = 'open'
  await clock.advance(F)
  for (const { way } of nodes) way.storage = 'open'
  await clock.advance(2 * A)
  expect(bob.statusesOf('alice')).not.toContain('offline')
  expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([back.session])
})

test('L4, S2: a node that begins when the storage is back buries nobody who was cut off with it', async () => {
  const world = await scene()
  const { clock, bob, stored, one, nodes, addNode } = world
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  bob.clear()
  for (const { way } of nodes) way.storage = 'refused'
  await clock.advance(2 * T)
  await addNode()
  await clock.advance(W + F)
  for (const { way } of nodes) way.storage = 'open'
  await clock.advance(2 * F)
  expect(bob.statusesOf('alice')).not.toContain('offline')
  expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([alice.session])
})

test('S15: who came after a failover by a clock that was stepped back is not taken for one whose end was lost', async () => {
  const { cluster, clock, stored, one, two } = await scene()
  await clock.advance(2 * F)
  cluster.mark()
  const alice = await one.open('alice')
  one.process.freeze()
  cluster.lose()
  await clock.advance(L + F + W)
  cluster.stepTime(-3_600_000)
  await clock.advance(F)
  const back = await two.open('alice', { previous: alice.session })
  await clock.advance(F)
  // Taken out, it would be put back by its next sign of life.
  back.answers = false
  one.process.thaw()
  await clock.advance(100)
  expect(stored('alice').record?.sessions.map(({ id }) => id)).toContain(back.session)
})

test('S4: a replica that had not seen a wipe: of whom nothing stands there keeps nobody else waiting', async () => {
  const compareMs = 0.4 * T
  const world = await createClusterWorld({
    compareMs,
    book: { alice: ['bob'], bob: ['alice', 'zoe'], zoe: ['bob'] },
  })
  const { cluster, clock, nodes, stored } = world
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  await one.open('alice')
  await clock.advance(2 * F)
  cluster.mark()
  one.way.storage = 'refused'
  cluster.wipe()
  await clock.advance(F)
  const bob = await two.open('bob')
  await clock.advance(10)
  expect([...bob.statusesOf('alice'), ...bob.statusesOf('zoe')]).toEqual(['unknown', 'unknown'])
  cluster.lose()
  one.way.storage = 'open'
  await clock.advance(2 * F + 1.2 * compareMs)
  expect(stored('alice').record?.sessions).toHaveLength(1)
  expect(bob.statusesOf('alice')).toEqual(['unknown', 'online'])
})
