/**
 * Storage and contacts that answer late, in every order that chance finds. Alice counts upwards in her words; whoever
 * watches must never see the count fall, and must see its end.
 */
import { describe, expect, test } from 'vitest'
import { createRandom, type Random } from '../../src/testing/index.ts'
import type { ContactsShape } from '../support/gate.ts'
import { choice, createServerWorld, type Peer, type ServerWorld } from '../support/server-world.ts'

const SEEDS = 150
const STEPS = 25

const SHAPES: readonly (readonly [name: string, shape: ContactsShape])[] = [
  ['contactsOf alone', {}],
  ['canSee', { canSee: true }],
  ['symmetric lists', { symmetric: true }],
  ['rosterOf and canSee', { canSee: true, rosterOf: true }],
]

interface Scene {
  readonly world: ServerWorld
  readonly random: Random
  readonly alice: Peer
  readonly bob: Peer
  readonly book: Map<string, string[]>
  count: number
  ref: number
}

async function openScene(shape: ContactsShape, seed: number): Promise<Scene> {
  const book = new Map([
    ['alice', ['bob']],
    ['bob', ['alice']],
  ])
  const world = createServerWorld({
    book,
    shape,
    limits: { changesPerMinute: 0, framesPerSecond: 0, contactsTimeoutMs: 0 },
  })
  const alice = await world.open('alice', { watch: [] })
  const bob = await world.open('bob', { watch: [] })
  world.storage.mode = 'hold'
  world.contacts.mode = 'hold'
  return { world, random: createRandom(seed), alice, bob, book, count: 0, ref: 1 }
}

/** Gives one of the answers that are waited for, whichever, or lets it fail. */
async function answerOne({ world, random }: Scene, failing = false): Promise<void> {
  const gate = random.pick([world.storage, world.contacts].filter(({ held }) => held.length > 0))
  const [answer] = gate.held.splice(random.integer(0, gate.held.length - 1), 1)
  if (failing) answer?.fail()
  else answer?.give()
  await world.clock.settle()
}

function isWaiting({ world }: Scene): boolean {
  return world.storage.held.length + world.contacts.held.length > 0
}

async function change(scene: Scene): Promise<void> {
  scene.count++
  await scene.alice.say(choice(scene.random.pick(['busy', 'away']), { text: String(scene.count) }))
}

async function watch({ bob, random, ref }: Scene): Promise<void> {
  await bob.say(
    random.pick([
      { type: 'subscribe', users: ['alice'], ref },
      { type: 'roster', watch: true, ref },
      { type: 'fetch', users: ['alice'], ref },
    ]),
  )
}

async function finish(scene: Scene): Promise<void> {
  while (isWaiting(scene)) await answerOne(scene)
  scene.world.storage.mode = 'open'
  scene.world.contacts.mode = 'open'
  await scene.world.clock.advance(200)
}

function countsOf(bob: Peer): number[] {
  return bob.toldOf('alice').map(({ text }) => Number(text ?? 0))
}

function falls(counts: readonly number[]): boolean {
  return counts.some((count, index) => count < Math.max(0, ...counts.slice(0, index)))
}

describe.each(SHAPES)('with %s', (_, shape) => {
  test('S3 S4: nothing older follows anything newer, and nothing is lost between snapshot and changes', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const scene = await openScene(shape, seed)
      const { random, bob } = scene
      await bob.say({ type: random.pick(['subscribe', 'roster']), users: ['alice'], watch: true, ref: 0 })
      for (let step = 0; step < STEPS; step++) {
        const dice = random.next()
        if (isWaiting(scene) && dice < 0.6) await answerOne(scene)
        else if (dice < 0.9) await change(scene)
        else await watch({ ...scene, ref: scene.ref++ })
      }
      await finish(scene)
      const counts = countsOf(bob)
      expect(falls(counts), `seed ${seed}: ${counts.join(' ')}`).toBe(false)
      expect(counts.at(-1), `seed ${seed}: ${counts.join(' ')}`).toBe(scene.count)
    }
  })

  test('S3 S8: contacts that change in between make nothing older follow either', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const scene = await openScene(shape, seed)
      const { random, bob, book, world } = scene
      await bob.say({ type: random.pick(['subscribe', 'roster']), users: ['alice'], watch: true, ref: 0 })
      for (let step = 0; step < STEPS; step++) {
        const dice = random.next()
        if (isWaiting(scene) && dice < 0.6) await answerOne(scene)
        else if (dice < 0.85) await change(scene)
        else {
          const friends = book.get('alice')?.length === 0
          book.set('alice', friends ? ['bob'] : [])
          book.set('bob', friends ? ['alice'] : [])
          await world.server.invalidateContacts(random.pick(['alice', 'bob']))
        }
      }
      await finish(scene)
      const told = bob.toldOf('alice')
      const seen = told.filter(({ status }) => status !== 'unknown').map(({ text }) => Number(text ?? 0))
      expect(falls(seen), `seed ${seed}: ${seen.join(' ')}`).toBe(false)
      if (book.get('alice')?.length === 0) {
        expect(told.at(-1)?.status ?? 'unknown', `seed ${seed}: ${JSON.stringify(told)}`).toBe('unknown')
      } else {
        expect(Number(told.at(-1)?.text ?? 0), `seed ${seed}: ${JSON.stringify(told)}`).toBe(scene.count)
      }
    }
  })

  test('S4 L1: adapters that fail now and then only delay; in the end everybody sees what there is', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const scene = await openScene(shape, seed)
      const { random, bob, world } = scene
      for (const gate of [world.storage, world.contacts]) gate.mode = 'open'
      await bob.say({ type: random.pick(['subscribe', 'roster']), users: ['alice'], watch: true, ref: 0 })
      for (const gate of [world.storage, world.contacts]) gate.mode = 'hold'
      for (let step = 0; step < STEPS; step++) {
        const dice = random.next()
        if (isWaiting(scene) && dice < 0.6) await answerOne(scene, random.chance(0.4))
        else if (dice < 0.85) await change(scene)
        else if (dice < 0.95) await world.server.invalidateContacts(random.pick(['alice', 'bob']))
        else await world.clock.advance(1_100)
      }
      await finish(scene)
      await world.clock.advance(5_000)
      const told = bob.toldOf('alice')
      const seen = told.filter(({ status }) => status !== 'unknown').map(({ text }) => Number(text ?? 0))
      expect(falls(seen), `seed ${seed}: ${seen.join(' ')}`).toBe(false)
      expect(Number(told.at(-1)?.text ?? 0), `seed ${seed}: ${JSON.stringify(told)}`).toBe(scene.count)
    }
  })
})
