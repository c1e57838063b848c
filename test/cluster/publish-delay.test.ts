/** A coming that does not show yet, where nodes die and the storage loses or steps. */
import { expect, test } from 'vitest'
import { A, type ClusterNode, createClusterWorld, F, L, W } from '../support/cluster-world.ts'
import { T } from '../support/server-world.ts'

const DELAY = 30_000

async function scene() {
  const world = await createClusterWorld({ publishDelayMs: DELAY })
  const [one, two] = world.nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  // Bob's own coming shows by then.
  await world.clock.advance(DELAY + 100)
  const alice = await one.open('alice')
  await world.clock.advance(10)
  return { ...world, one, two, bob, alice }
}

test('S1: whose node dies before they show has not been there', async () => {
  const { clock, one, bob, stored } = await scene()
  one.kill()
  await clock.advance(2 * T + W + L + F)
  expect(bob.statusesOf('alice')).toEqual(['offline'])
  expect(stored('alice').record).toMatchObject({ sessions: [], lastSeen: null })
})

test('L3: a failover that lost their coming does not show them before their time', async () => {
  const world = await createClusterWorld({ publishDelayMs: DELAY })
  const { cluster, clock, nodes } = world
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  await clock.advance(DELAY + 100)
  cluster.mark()
  await one.open('alice')
  await clock.advance(10)
  cluster.lose()
  await clock.advance(DELAY / 2 - 11)
  expect(bob.statusesOf('alice')).not.toContain('online')
  await clock.advance(DELAY + 1.2 * A)
  expect(bob.statusesOf('alice').at(-1)).toBe('online')
})

test("S14: who came before the storage's clock was stepped back shows after a comparison, and not an hour later", async () => {
  const { cluster, clock, bob } = await scene()
  cluster.stepTime(-3_600_000)
  await clock.advance(DELAY + 2.4 * A)
  expect(bob.statusesOf('alice').at(-1)).toBe('online')
})
