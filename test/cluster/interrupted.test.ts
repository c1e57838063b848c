/** A change of which nobody knows whether it was written, and a storage that has lost what stood there before. */
import { expect, test } from 'vitest'
import { EMPTY_RECORD } from '../../src/core/record.ts'
import type { StoredRecord } from '../../src/server/index.ts'
import { A, CALL_TIMEOUT_MS, type ClusterNode, createClusterWorld, F, R } from '../support/cluster-world.ts'
import { choice, GOODBYE, T } from '../support/server-world.ts'

/** By then a goodbye that is not held stands in the storage; one that is waits for R. */
const UNHELD_MS = 50

test('L2: a storage is wiped while a change is under way: who is online is not shown offline', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  bob.clear()
  one.way.storage = 'refused'
  await alice.say(choice('busy'))
  cluster.wipe()
  await clock.advance(100)
  one.way.storage = 'open'
  await clock.advance(R + 2 * T)
  expect(bob.statusesOf('alice')).toEqual(['busy'])
  expect(stored('alice').record?.sessions).toHaveLength(1)
})

test('L2: a storage is wiped and one of two sessions ends before any node knows: the other is not shown offline', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  const phone = await one.open('alice')
  const laptop = await two.open('alice')
  await clock.advance(2 * F)
  bob.clear()
  cluster.wipe()
  await phone.say(GOODBYE)
  await clock.advance(R + 2 * T)
  expect(bob.statusesOf('alice')).toEqual([])
  expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([laptop.session])
})

test('L2: a storage is wiped: a node that a user has left does not put them back without the sessions of others', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  const before = await one.open('alice')
  await clock.advance(2 * F)
  const after = await two.open('alice', { previous: before.session })
  await clock.advance(100)
  bob.clear()
  cluster.wipe()
  two.way.storage = 'cut'
  await clock.advance(F + 100)
  two.way.storage = 'open'
  await clock.advance(R + 2 * T)
  expect(bob.statusesOf('alice')).toEqual([])
  expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([after.session])
})

test('L2: a storage is wiped and the application chooses for a user elsewhere: who is online is not shown offline', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld({ count: 3 })
  const [one, two, three] = nodes as [ClusterNode, ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  await one.open('alice')
  await clock.advance(2 * F)
  bob.clear()
  cluster.wipe()
  const done = three.server.setStatus('alice', 'busy')
  await clock.advance(R + 2 * T)
  await done
  expect(bob.statusesOf('alice')).toEqual(['busy'])
  expect(stored('alice').record?.sessions).toHaveLength(1)
})

test('S12: a goodbye was written without an answer and then the storage was wiped: who has gone is not put back', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  const alice = await one.open('alice')
  await clock.advance(2 * F)
  bob.clear()
  one.way.storage = 'deaf'
  await alice.say(GOODBYE)
  expect(stored('alice').record?.sessions).toEqual([])
  cluster.wipe()
  await clock.advance(100)
  one.way.storage = 'open'
  for (let ms = 0; ms < R + 2 * T; ms += 50) {
    await clock.advance(50)
    expect(stored('alice').record?.sessions ?? []).toEqual([])
  }
  expect(stored('alice').record?.reason).toBe('leave')
  expect(bob.statusesOf('alice')).toEqual(['offline'])
})

test('S12: a choice that a node could not write in time changes nothing where a later one stands', async () => {
  const { nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const before = await one.open('alice')
  await clock.advance(2 * F)
  one.way.storage = 'refused'
  await before.say(choice('busy'))
  await clock.advance(F)
  const after = await two.open('alice', { previous: before.session })
  await after.say(choice('away'))
  await clock.advance(F)
  one.way.storage = 'open'
  await clock.advance(T)
  expect(stored('alice').record?.choice?.status).toBe('away')
})

test('L2: a storage is wiped: of what two nodes put back the later choice counts', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  await one.open('alice')
  const laptop = await two.open('alice')
  await clock.advance(2 * F)
  one.way.bus = 'lost'
  await laptop.say(choice('busy'))
  await clock.advance(10)
  cluster.wipe()
  two.way.storage = 'cut'
  await clock.advance(F + 100)
  two.way.storage = 'open'
  one.way.bus = 'open'
  await clock.advance(R + 2 * T)
  expect(stored('alice').record?.choice?.status).toBe('busy')
})

test('S2: a session was replaced before it was written and the node joins again: its user is written all the same', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld()
  const [one] = nodes as [ClusterNode]
  one.way.storage = 'partly'
  const first = await one.open('alice')
  await clock.advance(100)
  const second = await one.open('alice', { previous: first.session })
  cluster.wipe()
  await clock.advance(4 * F)
  one.way.storage = 'open'
  await clock.advance(2 * F)
  expect(stored('alice').record?.sessions.map(({ id }) => id)).toEqual([second.session])
  const entry = cluster.entries().find(({ sessions }) => sessions.size > 0)
  expect([...(entry?.sessions.keys() ?? [])]).toEqual([second.session])
})

test('S12: a coming was written without an answer and superseded elsewhere: a connection that is half open is not put back', async () => {
  const { nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  one.way.bus = 'lost'
  one.way.storage = 'unsure'
  const before = await one.open('alice')
  before.answers = false
  expect(sessionsOf(stored('alice'))).toEqual([before.session])
  const after = await two.open('alice', { previous: before.session })
  one.way.storage = 'open'
  for (let ms = 0; ms < 2 * T; ms += 50) {
    await clock.advance(50)
    expect(sessionsOf(stored('alice'))).toEqual([after.session])
  }
})

test('S4: a coming was written without an answer and taken out by others: whoever answers is announced all the same', async () => {
  const { cluster, nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const bob = await two.open('bob')
  one.way.storage = 'unsure'
  const alice = await one.open('alice')
  const { epoch, version, record } = stored('alice')
  const swap = { id: 'alice', expected: { epoch, version }, version: version + 1 }
  await cluster.storage().swap([{ ...swap, record: { ...(record ?? EMPTY_RECORD), sessions: [] } }], {
    sentAt: cluster.time(),
    toleranceMs: T,
  })
  one.way.storage = 'open'
  expect(alice.of('self')).toEqual([])
  await clock.advance(CALL_TIMEOUT_MS + 2_000)
  expect(sessionsOf(stored('alice'))).toEqual([alice.session])
  expect(alice.of('self')).toMatchObject([{ status: 'online' }])
  await clock.advance(2 * T)
  expect(bob.statusesOf('alice').at(-1)).toBe('online')
})

test('S9: what was told while it was being compared is taken for no loss: goodbyes are not held for it', async () => {
  const { nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const bob = await one.open('bob')
  const carol = await one.open('carol')
  const alice = await two.open('alice')
  await clock.advance(2 * F)
  one.way.answerMs.set('read', 200)
  const before = one.way.calls.get('read')
  for (let ms = 0; ms < 2 * A && one.way.calls.get('read') === before; ms += 50) await clock.advance(50)
  await alice.say(choice('busy'))
  expect(bob.statusesOf('alice').at(-1)).toBe('busy')
  await clock.advance(200)
  await carol.say(GOODBYE)
  await clock.advance(UNHELD_MS)
  expect(sessionsOf(stored('carol'))).toEqual([])
})

test('S9: a swap answers with what another node has told more of meanwhile: that is no loss, and goodbyes are not held for it', async () => {
  const { nodes, clock, stored } = await createClusterWorld()
  const [one, two] = nodes as [ClusterNode, ClusterNode]
  const carol = await one.open('carol')
  const phone = await one.open('alice')
  const laptop = await two.open('alice')
  await clock.advance(2 * F)
  one.way.bus = 'lost'
  await laptop.say(choice('busy'))
  one.way.answerMs.set('swap', 200)
  await phone.say(choice('away'))
  one.way.bus = 'open'
  await laptop.say(choice('busy', { text: 'on the phone' }))
  await clock.advance(200)
  one.way.answerMs.clear()
  await carol.say(GOODBYE)
  await clock.advance(UNHELD_MS)
  expect(sessionsOf(stored('carol'))).toEqual([])
})

function sessionsOf({ record }: StoredRecord): string[] {
  return record?.sessions.map(({ id }) => id) ?? []
}
