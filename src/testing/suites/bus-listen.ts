/** Listening: everything that is published at one address, from one moment on, to one listener. */
import { check, same } from './assert.ts'
import { hear, openBus, QUIET_MS } from './bus-tools.ts'
import { type Draft, draft } from './case.ts'
import type { StorageWorld } from './storage-world.ts'

const EVERY =
  '`listen` MUST make every message that is published at exactly this address from its settling on reach `onMessage`'
const ANEW =
  '`listen` called again MUST begin anew, in place of what was there, even where that seems to work'
const NOT_BEFORE = 'a message MUST NOT reach an `onMessage` of before from its settling on'

const MANY = 200
const ROUNDS = 5

export const listenCases: readonly Draft<StorageWorld>[] = [
  draft(1, EVERY, async (world) => {
    const [listener, speaker] = [await openBus(world), await openBus(world)]
    const heard = await hear(listener, 'n')
    const messages = Array.from({ length: MANY }, (_, index) => `message ${index}`)
    for (const [index, message] of messages.entries())
      await (index % 3 ? speaker : listener).publish('n', message)
    await world.see(
      () => heard.length >= MANY,
      `All ${MANY} messages of oneself and of another should arrive`,
    )
    same([...heard].sort(), [...messages].sort(), 'What was heard')
  }),
  draft(
    1,
    EVERY,
    async (world) => {
      for (let round = 0; round < ROUNDS; round++) {
        const [listener, speaker] = [await openBus(world), await openBus(world)]
        const heard = await hear(listener, `n${round}`)
        await speaker.publish(`n${round}`, 'at once')
        await world.see(
          () => heard.length > 0,
          'What is published as soon as `listen` has settled should arrive',
        )
      }
    },
    { detail: 'at once' },
  ),
  draft(
    1,
    EVERY,
    async (world) => {
      const [listener, speaker] = [await openBus(world), await openBus(world)]
      const heard = await hear(listener, 'node-1')
      for (const near of [
        'node-',
        'node-11',
        'Node-1',
        'node-1 ',
        '*',
        'node-?',
        'node-[1]',
        ' node-1',
        '',
      ]) {
        await speaker.publish(near, near)
      }
      await speaker.publish('node-1', 'exactly')
      await world.see(() => heard.includes('exactly'), 'The message at exactly this address should arrive')
      await world.advance(QUIET_MS)
      same(heard, ['exactly'], 'What was heard of messages at like addresses')
    },
    { detail: 'and nothing at one that is like it' },
  ),
  draft(2, ANEW, async (world) => {
    const [listener, speaker] = [await openBus(world), await openBus(world)]
    for (let round = 0; round < ROUNDS; round++) {
      const heard = await hear(listener, 'n')
      await speaker.publish('n', `round ${round}`)
      await world.see(() => heard.length > 0, `In round ${round} the message should arrive`)
      await world.advance(QUIET_MS)
      same(heard, [`round ${round}`], 'What was heard since the last `listen`')
    }
  }),
  draft(2, NOT_BEFORE, async (world) => {
    const [listener, speaker] = [await openBus(world), await openBus(world)]
    const before = await hear(listener, 'n')
    const after = await hear(listener, 'n')
    await speaker.publish('n', '1')
    await world.see(() => after.length > 0, 'The message should reach who listens now')
    const elsewhere = await hear(listener, 'm')
    await speaker.publish('n', '2')
    await speaker.publish('m', '3')
    await world.see(() => elsewhere.length > 0, 'The message at the address of now should arrive')
    await world.advance(QUIET_MS)
    same([before, after, elsewhere], [[], ['1'], ['3']], 'What reached the listeners, one after the other')
  }),
  draft(
    2,
    NOT_BEFORE,
    async (world) => {
      const [one, other, speaker] = [await openBus(world), await openBus(world), await openBus(world)]
      const [first, second] = [await hear(one, 'n'), await hear(other, 'm')]
      await speaker.publish('n', 'for one')
      await speaker.publish('m', 'for the other')
      await world.see(() => first.length + second.length >= 2, 'Each node should hear its own message')
      same([first, second], [['for one'], ['for the other']], 'What two nodes heard')
      check(one !== other, 'Each node should have a bus of its own')
    },
    { detail: 'nor one of another node' },
  ),
]
