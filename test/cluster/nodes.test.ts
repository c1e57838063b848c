/** Several nodes on one storage are one system to the clients. */
import { describe, expect, test } from 'vitest'
import { type ClusterNode, createClusterWorld, F } from '../support/cluster-world.ts'
import { GOODBYE, GRACE } from '../support/server-world.ts'

describe('two nodes', () => {
  test('S9: who comes, changes and leaves on one node is told to contacts on the other at once', async () => {
    const { nodes, clock } = await createClusterWorld()
    const [one, two] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
    const bob = await two.open('bob')
    await clock.advance(1)
    const alice = await one.open('alice')
    await clock.advance(10)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await clock.advance(10)
    await alice.say(GOODBYE)
    await clock.advance(10)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'away', 'offline'])
    expect(bob.toldOf('alice').at(-1)).toMatchObject({ reason: 'leave' })
  })

  test('a newcomer sees who is online elsewhere', async () => {
    const { nodes, clock } = await createClusterWorld()
    await nodes[0]?.open('alice')
    await clock.advance(10)
    const bob = await nodes[1]?.open('bob')
    await clock.advance(10)
    expect(bob?.statusesOf('alice')).toEqual(['online'])
  })

  test('S15: with one session on each node, the end of one is no transition', async () => {
    const { nodes, clock } = await createClusterWorld()
    const bob = await nodes[1]?.open('bob')
    const phone = await nodes[0]?.open('alice')
    const laptop = await nodes[1]?.open('alice')
    await clock.advance(10)
    await phone?.say(GOODBYE)
    await clock.advance(GRACE + 10)
    expect(bob?.statusesOf('alice').at(-1)).toBe('online')
    await laptop?.say(GOODBYE)
    await clock.advance(10)
    expect(bob?.statusesOf('alice').at(-1)).toBe('offline')
  })

  test('S10: a drop on one node and a return on another within the grace tells nobody, and the old session is superseded', async () => {
    const { nodes, clock, stored } = await createClusterWorld()
    const bob = await nodes[1]?.open('bob')
    const alice = await nodes[0]?.open('alice')
    await clock.advance(10)
    alice?.link.reset()
    await clock.advance(GRACE / 2)
    bob?.clear()
    const back = await nodes[1]?.open('alice', { previous: alice?.session ?? '' })
    await clock.advance(2 * GRACE)
    expect(bob?.toldOf('alice')).toEqual([])
    expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([back?.session])
  })

  test('S12: the session that is continued on another node is closed as superseded', async () => {
    const { nodes, clock } = await createClusterWorld()
    const alice = await nodes[0]?.open('alice')
    await clock.advance(10)
    await nodes[1]?.open('alice', { previous: alice?.session ?? '' })
    await clock.advance(10)
    expect(alice?.closed?.code).toBe(4005)
  })

  test('S11: a transition is told to the application once in the whole cluster', async () => {
    const { nodes, clock } = await createClusterWorld({ count: 3 })
    await nodes[1]?.open('bob')
    await nodes[2]?.open('alice')
    const alice = await nodes[0]?.open('alice')
    await clock.advance(10)
    await alice?.say({ type: 'PRESENCE_UPDATE', status: 'busy' })
    await clock.advance(2 * 60_000)
    const told = nodes.flatMap(({ events }) => events.filter((event) => event.includes('alice')))
    expect(told).toEqual(['change alice online', 'online alice online', 'change alice busy'].sort())
  })

  test("a user's choice on one node shows on their sessions on the other", async () => {
    const { nodes, clock } = await createClusterWorld()
    const phone = await nodes[0]?.open('alice')
    const laptop = await nodes[1]?.open('alice')
    await clock.advance(10)
    laptop?.clear()
    await phone?.say({ type: 'PRESENCE_UPDATE', status: 'busy', text: 'cooking' })
    await clock.advance(10)
    expect(laptop?.of('self').at(-1)).toMatchObject({ status: 'busy', chosen: 'busy', text: 'cooking' })
  })

  test('disconnectUser ends the sessions on every node', async () => {
    const { nodes, clock, stored } = await createClusterWorld()
    const phone = await nodes[0]?.open('alice')
    const laptop = await nodes[1]?.open('alice')
    await clock.advance(10)
    const kicked = nodes[0]?.server.disconnectUser('alice')
    await clock.advance(50)
    await kicked
    expect([phone?.closed?.code, laptop?.closed?.code]).toEqual([4004, 4004])
    expect(stored('alice').record?.sessions).toEqual([])
    const back = await nodes[1]?.open('alice')
    await clock.advance(120_000)
    expect(back?.closed).toBeNull()
  })

  test('who was thrown out through another node, when nobody of theirs was here any more, may come back here', async () => {
    const { nodes, clock } = await createClusterWorld()
    const alice = await nodes[1]?.open('alice')
    await clock.advance(10)
    await alice?.say(GOODBYE)
    await clock.advance(10)
    const kicked = nodes[0]?.server.disconnectUser('alice')
    await clock.advance(50)
    await kicked
    const back = await nodes[1]?.open('alice')
    await clock.advance(120_000)
    expect(back?.closed).toBeNull()
    void nodes[0]?.server.disconnectUser('alice')
    await clock.advance(50)
    expect(back?.closed?.code).toBe(4004)
  })

  test('S8: invalidateContacts on one node takes effect on all', async () => {
    const book = new Map([
      ['alice', ['bob']],
      ['bob', ['alice']],
    ])
    const { nodes, clock } = await createClusterWorld({ book })
    await nodes[0]?.open('alice')
    const bob = await nodes[1]?.open('bob')
    await clock.advance(10)
    expect(bob?.statusesOf('alice')).toEqual(['online'])
    book.set('alice', [])
    const done = nodes[0]?.server.invalidateContacts('alice')
    await clock.advance(50)
    await done
    await clock.advance(10)
    expect(bob?.statusesOf('alice')).toEqual(['online', 'unknown'])
  })
})

describe('who has more than ten contacts for each other node', () => {
  const friends = Array.from({ length: 25 }, (_, index) => `friend${index}`)
  const book = { alice: ['bob', ...friends], bob: ['alice'] }

  test('is told of to all nodes, and nobody is located', async () => {
    const { nodes, clock } = await createClusterWorld({ count: 3, book })
    const [one, two] = nodes as [ClusterNode, ClusterNode, ClusterNode]
    const bob = await two.open('bob')
    const alice = await one.open('alice', { watch: [] })
    await clock.advance(100)
    const reads = one.way.calls.get('read')
    await alice.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await clock.advance(10)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'away'])
    expect(one.way.calls.get('read')).toBe(reads)
  })

  test('L1: is known within F and two seconds on a node whose coming was not heard of', async () => {
    const { nodes, clock, addNode } = await createClusterWorld({ book })
    const [one] = nodes as [ClusterNode]
    one.way.bus = 'lost'
    const newcomer = await addNode()
    const bob = await newcomer.open('bob')
    await clock.advance(10)
    one.way.bus = 'open'
    await one.open('alice', { watch: [] })
    await clock.advance(10)
    expect(bob.statusesOf('alice')).toEqual(['offline'])
    await clock.advance(F + 2_000)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })
})
