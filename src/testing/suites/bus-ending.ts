/** Failing and closing: said so, in time, and then silence. */
import type { StorageAdapter } from '../../server/storage/contract.ts'
import { check, outcomesOf, same } from './assert.ts'
import { busOf, hear, openBus, QUIET_MS } from './bus-tools.ts'
import { type Draft, draft, type Supports } from './case.ts'
import type { StorageWorld } from './storage-world.ts'

const SETTLES = 'Every call MUST settle'
const REJECTS = 'One that fails MUST reject or throw'
const SILENCE = 'After the storage it belongs to is closed nothing MUST arrive any more'

const canBreak = ({ breakDown }: Supports): boolean => breakDown === true

export const endingCases: readonly Draft<StorageWorld>[] = [
  draft(6, SETTLES, async (world) => {
    const outcomes = await callAll(world, await world.connect())
    same(outcomes, ['fulfilled', 'fulfilled'], 'How `listen` and `publish` settled')
  }),
  draft(
    6,
    REJECTS,
    async (world) => {
      const storage = await world.connect()
      await hear(busOf(storage), 'n')
      await world.breakDown()
      same(await callAll(world, storage), ['rejected', 'rejected'], 'How `listen` and `publish` settled')
    },
    { detail: 'where nothing reaches the storage', possible: canBreak },
  ),
  draft(
    6,
    REJECTS,
    async (world) => {
      const storage = await world.connect()
      await hear(busOf(storage), 'n')
      await world.close(storage)
      same(await callAll(world, storage), ['rejected', 'rejected'], 'How `listen` and `publish` settled')
    },
    { detail: 'after it was closed' },
  ),
  draft(8, SILENCE, async (world) => {
    const [storage, speaker] = [await world.connect(), await openBus(world)]
    const heard = await hear(busOf(storage), 'n')
    await speaker.publish('n', 'before')
    await world.see(() => heard.length > 0, 'The message before should arrive')
    check(storage.close !== undefined, 'A storage that has a bus should have `close`')
    await world.close(storage)
    await speaker.publish('n', 'after')
    await world.advance(QUIET_MS)
    same(heard, ['before'], 'What was heard, also after the storage was closed')
  }),
]

/** How both calls have settled, at the latest when they must have. */
async function callAll({ until }: StorageWorld, storage: StorageAdapter): Promise<string[]> {
  const calls = [() => busOf(storage).listen('m', () => {}), () => busOf(storage).publish('m', '1')]
  return (await outcomesOf(calls, until)).map(({ status }) => status)
}
