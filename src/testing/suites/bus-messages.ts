/** Messages and addresses: as they are, or not at all. */
import { same } from './assert.ts'
import { hear, openBus, QUIET_MS } from './bus-tools.ts'
import { type Draft, draft } from './case.ts'
import type { StorageWorld } from './storage-world.ts'
import { STRANGE_IDS } from './strange-ids.ts'

const AS_PUBLISHED = 'A message MUST arrive as it was published, or not at all'
const AS_THEY_ARE = 'Addresses and messages MUST be taken as they are: any well-formed string'
const DROPPED = 'A message at an address where nobody listens MUST be dropped without harm'
const THROWS = 'What `onMessage` throws MUST NOT reach the bus'

const LARGE = 200_000

export const messageCases: readonly Draft<StorageWorld>[] = [
  draft(3, AS_PUBLISHED, async (world) => {
    const [listener, speaker] = [await openBus(world), await openBus(world)]
    const heard = await hear(listener, 'n')
    const messages = ['{"a":[1,2.5,"é"]}', '\u{1f468}'.repeat(LARGE / 4), 'x'.repeat(LARGE), 'end']
    for (const message of messages) await speaker.publish('n', message)
    await world.see(() => heard.length >= messages.length, 'Messages small and large should arrive')
    same([...heard].sort(), [...messages].sort(), 'What was heard')
  }),
  draft(4, AS_THEY_ARE, async (world) => {
    const [listener, speaker] = [await openBus(world), await openBus(world)]
    const heard = await hear(listener, 'n')
    const messages = ['', ...STRANGE_IDS]
    for (const message of messages) await speaker.publish('n', message)
    await world.see(() => heard.length >= messages.length, 'Strange messages should arrive')
    same([...heard].sort(), [...messages].sort(), 'What was heard')
  }),
  draft(
    4,
    AS_THEY_ARE,
    async (world) => {
      const [listener, speaker] = [await openBus(world), await openBus(world)]
      for (const address of STRANGE_IDS) {
        const heard = await hear(listener, address)
        for (const other of STRANGE_IDS) await speaker.publish(other, other)
        await world.see(
          () => heard.length > 0,
          `What is published at ${JSON.stringify(address)} should arrive`,
        )
        same([...new Set(heard)], [address], `What was heard at ${JSON.stringify(address)}`)
      }
    },
    { detail: 'each address another' },
  ),
  draft(5, DROPPED, async (world) => {
    const [listener, speaker] = [await openBus(world), await openBus(world)]
    await speaker.publish('nobody', '1')
    const heard = await hear(listener, 'nobody')
    await speaker.publish('nobody else', '2')
    await speaker.publish('nobody', '3')
    await world.see(
      () => heard.length > 0,
      'The message that is published while somebody listens should arrive',
    )
    await world.advance(QUIET_MS)
    same(heard, ['3'], 'What was heard of messages before and elsewhere')
  }),
  draft(7, THROWS, async (world) => {
    const [listener, speaker] = [await openBus(world), await openBus(world)]
    const heard: string[] = []
    await listener.listen('n', (message) => {
      heard.push(message)
      throw new Error('Thrown on purpose by a listener')
    })
    for (const message of ['1', '2', '3']) await speaker.publish('n', message)
    await listener.publish('n', '4')
    await world.see(() => heard.length >= 4, 'Messages should arrive though the listener throws at each')
  }),
]
