/** presence.forget: nothing that is known of a user stays, on any node. */
import { describe, expect, test } from 'vitest'
import { createClusterWorld } from '../support/cluster-world.ts'
import { choice, createServerWorld, GOODBYE, type ServerWorld, T } from '../support/server-world.ts'

async function forget({ server, clock }: ServerWorld, user: string): Promise<void> {
  const done = server.forget(user)
  await clock.settle()
  await done
}

describe('one node', () => {
  test('the user is sent away, and neither last seen nor status nor words are left', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice', { watch: [] })
    await alice.say(choice('busy', { text: 'words' }))
    await forget(world, 'alice')
    await world.clock.settle()
    expect(alice.closed?.code).toBe(4004)
    expect(bob.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'offline' })
    const [left] = await world.server.get(['alice'])
    expect(left).toMatchObject({ status: 'offline', lastSeen: null, reason: null, statusText: null })
    await world.clock.advance(2 * T)
    expect(bob.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'offline' })
  })

  test('who was away is forgotten too, and one of whom nothing is known', async () => {
    const world = createServerWorld()
    const alice = await world.open('alice')
    await alice.say(GOODBYE)
    expect((await world.server.get(['alice']))[0]?.lastSeen).not.toBeNull()
    await forget(world, 'alice')
    await forget(world, 'nobody')
    expect((await world.server.get(['alice', 'nobody'])).map(({ lastSeen }) => lastSeen)).toEqual([
      null,
      null,
    ])
  })

  test('whoever comes back begins anew', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const before = await world.open('alice')
    await before.say(choice('invisible'))
    await forget(world, 'alice')
    bob.clear()
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['online'])
  })

  test('an id that is none is refused', async () => {
    const world = createServerWorld()
    await expect(world.server.forget('')).rejects.toMatchObject({ code: 'BAD_ID' })
  })
})

describe('several nodes', () => {
  test('sessions on every node are ended, and none of them writes anything back', async () => {
    const { nodes, clock, stored } = await createClusterWorld()
    const bob = await nodes[1]?.open('bob')
    const phone = await nodes[0]?.open('alice')
    const laptop = await nodes[1]?.open('alice')
    await phone?.say(choice('busy', { text: 'words' }))
    await clock.advance(10)
    const done = nodes[0]?.server.forget('alice')
    await clock.advance(100)
    await done
    expect([phone?.closed?.code, laptop?.closed?.code]).toEqual([4004, 4004])
    const blank = { sessions: [], choice: null, lastSeen: null, reason: null }
    expect(stored('alice').record).toMatchObject(blank)
    await clock.advance(3 * T)
    expect(stored('alice').record).toMatchObject(blank)
    expect(bob?.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'offline' })
  })
})
