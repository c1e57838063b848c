/** Settings, blocks and open users, where the nodes share a storage. */
import { describe, expect, test } from 'vitest'
import { createClusterWorld } from '../support/cluster-world.ts'
import { createSettingsBook } from '../support/settings.ts'
import { GOODBYE } from '../support/server-world.ts'

const UNKNOWN = { user: 'alice', status: 'unknown' }

describe('three nodes', () => {
  test('S8: a block, announced on one node, takes sight on all of them, within a second', async () => {
    const privacy = createSettingsBook()
    const { nodes, clock } = await createClusterWorld({ count: 3, privacy })
    const alice = await nodes[0]?.open('alice', { watch: [] })
    const bobs = [await nodes[1]?.open('bob'), await nodes[2]?.open('bob', { watch: ['alice'] })]
    await clock.advance(10)
    expect(bobs.map((bob) => bob?.statusesOf('alice'))).toEqual([['online'], ['online']])
    privacy.settings.set('alice', { blocked: ['bob'] })
    const done = nodes[2]?.server.invalidateContacts('alice')
    await clock.advance(1_000)
    await done
    expect(bobs.map((bob) => bob?.toldOf('alice').at(-1))).toEqual([UNKNOWN, UNKNOWN])
    for (const bob of bobs) bob?.clear()
    await alice?.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await clock.advance(120_000)
    expect(bobs.map((bob) => bob?.toldOf('alice'))).toEqual([[], []])
    const asked = nodes.map(({ server }) => server.get(['alice'], { as: 'bob' }))
    await clock.advance(10)
    const unknown = [{ status: 'unknown' }]
    expect(await Promise.all(asked)).toMatchObject([unknown, unknown, unknown])
    privacy.settings.set('alice', {})
    const undone = nodes[0]?.server.invalidateContacts('alice')
    await clock.advance(1_000)
    await undone
    expect(bobs.map((bob) => bob?.statusesOf('alice').at(-1))).toEqual(['away', 'away'])
  })

  test('who is open to everyone is told to whoever watches, on every node, and nobody is located', async () => {
    const privacy = createSettingsBook({ shop: { online: 'everyone', lastSeen: 'everyone' } })
    const { nodes, clock } = await createClusterWorld({ count: 3, privacy, book: { shop: [] } })
    const guests = [
      await nodes[1]?.open('bob', { watch: ['shop'] }),
      await nodes[2]?.open('carol', { watch: ['shop'] }),
    ]
    const shop = await nodes[0]?.open('shop', { watch: [] })
    await clock.advance(100)
    const reads = nodes[0]?.way.calls.get('read')
    await shop?.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await clock.advance(100)
    expect(nodes[0]?.way.calls.get('read')).toBe(reads)
    await shop?.say(GOODBYE)
    await clock.advance(100)
    expect(guests.map((guest) => guest?.statusesOf('shop'))).toEqual([
      ['offline', 'online', 'away', 'offline'],
      ['offline', 'online', 'away', 'offline'],
    ])
  })

  test('S7: what another node tells is covered at the edge', async () => {
    const privacy = createSettingsBook({ alice: { lastSeen: 'nobody', precision: 'minute' } })
    const { nodes, clock } = await createClusterWorld({ count: 2, privacy })
    const bob = await nodes[1]?.open('bob')
    const alice = await nodes[0]?.open('alice')
    await clock.advance(10)
    await alice?.say(GOODBYE)
    await clock.advance(120_000)
    expect(bob?.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'offline' })
    expect(bob?.texts.join(' ')).not.toMatch(/lastSeen|reason|accuracy/)
  })
})

test('S8: a node that has joined a moment ago is told like all others', async () => {
  const book = new Map([
    ['alice', ['bob']],
    ['bob', ['alice']],
  ])
  const { addNode, nodes, clock } = await createClusterWorld({ count: 2, book })
  const newcomer = await addNode()
  await clock.advance(10)
  const bob = await newcomer.open('bob', { watch: ['alice'] })
  await clock.advance(10)
  expect(bob.statusesOf('alice')).toEqual(['offline'])
  book.set('alice', [])
  const done = nodes[0]?.server.invalidateContacts('alice')
  await clock.advance(100)
  await done
  expect(bob.statusesOf('alice')).toEqual(['offline', 'unknown'])
})
