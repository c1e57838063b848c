/** Somebody on the bus between the nodes who says everything twice, the second time late, and junk besides. */
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { createRandom } from '../../src/testing/index.ts'
import { SEED } from './people.ts'

const CHANNELS = 'presencekit:{bus:*'
const MOST_LATE_MS = 300
const JUNK_MS = 20

/** As it stands on the bus, and as it does not. */
const JUNK = [
  '',
  'junk',
  'null',
  '[]',
  '[1]',
  '[2,"a",1,[]]',
  '{"items":[]}',
  '[1,"a",-1,[]]',
  '[1,"a",1e99,[]]',
  '[1,"stranger",7,[]]',
  '[1,"a",1,[["tell"]]]',
  '[1,"a",2,[["tell","user1",1,1,null,null]]]',
  '[1,"a",3,[["own","user1",1,1,{"sessions":[]},[]],["nonsense","user1"]]]',
  '[1,"a",4,[["tell","user1",1,1,{"sessions":[]},null]]]',
  `[1,"a",5,[["review","${'x'.repeat(10_000)}",1]]]`,
  '[[['.repeat(1_000),
]

/** @returns what ends it */
export async function haunt(port: number): Promise<() => Promise<void>> {
  const [ear, mouth] = [new Redis(port), new Redis(port)]
  const random = createRandom(SEED)
  const own = new Set<string>()
  const channels = new Set<string>()
  let isOver = false
  const say = (channel: string, message: string): void => {
    own.add(channel + message)
    mouth.publish(channel, message).catch(() => {})
  }
  ear.on('pmessage', (_pattern: string, channel: string, message: string) => {
    channels.add(channel)
    if (own.delete(channel + message) || isOver) return
    setTimeout(() => say(channel, message), random.integer(0, MOST_LATE_MS))
  })
  await ear.psubscribe(CHANNELS)
  const talk = async (): Promise<void> => {
    while (!isOver) {
      for (const channel of channels) say(channel, random.pick(JUNK))
      await wait(JUNK_MS)
    }
  }
  const talking = talk()
  return async () => {
    isOver = true
    await talking
    await wait(MOST_LATE_MS)
    ear.disconnect()
    mouth.disconnect()
  }
}
