/** Ids and values: taken as they are, and nobody else's afterwards. */
import type { UserRecord } from '../../core/record.ts'
import { same } from './assert.ts'
import { type Draft, draft } from './case.ts'
import { readAll, readOne, recordOf, stampOf, write } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'
import { STRANGE_IDS } from './strange-ids.ts'

const AS_THEY_ARE =
  'Ids MUST be taken as they are: any well-formed string, case and Unicode form kept, `__proto__` among them'
const NO_REFERENCE =
  'A storage MUST NOT keep a reference by which a caller could change what is stored, nor hand one out'

export const valueCases: readonly Draft<StorageWorld>[] = [
  draft(5, AS_THEY_ARE, async ({ connect }) => {
    const storage = await connect()
    for (const [index, id] of STRANGE_IDS.entries()) {
      same((await readOne(storage, id)).version, 0, `What was never written for ${JSON.stringify(id)}`)
      await write(storage, id, index + 1)
    }
    const stored = await readAll(storage, STRANGE_IDS)
    for (const [index, id] of STRANGE_IDS.entries()) {
      same(stored[index]?.version, index + 1, `The version that was written for ${JSON.stringify(id)}`)
      same(
        stored[index]?.record,
        recordOf(index + 1),
        `The record that was written for ${JSON.stringify(id)}`,
      )
    }
  }),
  draft(
    7,
    NO_REFERENCE,
    async ({ connect }) => {
      const storage = await connect()
      const { epoch } = await write(storage, 'a', 1)
      const swap = { id: 'a', expected: { epoch, version: 1 }, version: 2, record: recordOf(2) }
      const swaps = [swap]
      await storage.swap(swaps, await stampOf(storage))
      Object.assign(swap.expected, { version: 77 })
      Object.assign(swap, { id: 'b', version: 88 })
      swaps.length = 0
      const [a, b] = await readAll(storage, ['a', 'b'])
      same([a?.version, b?.version], [2, 0], 'The versions after the caller changed the swap it had given')
    },
    { detail: 'the swap that was given' },
  ),
  draft(
    7,
    NO_REFERENCE,
    async ({ connect }) => {
      const storage = await connect()
      const record = { ...recordOf(1), sessions: [{ id: 's', node: 'n', activity: 'online' as const }] }
      const given = JSON.parse(JSON.stringify(record)) as UserRecord
      const written = await write(storage, 'a', 1, given)
      spoil(given)
      for (let round = 0; round < 2; round++) {
        const found = await readOne(storage, 'a')
        same(found, { ...written, record }, 'The record after a caller changed what it gave or got')
        spoil(found.record)
        spoil(found)
      }
    },
    { detail: 'records', possible: ({ sharedRecords }) => !sharedRecords },
  ),
  draft(
    7,
    NO_REFERENCE,
    async ({ connect }) => {
      const storage = await connect()
      await write(storage, 'a', 1)
      const { records } = await storage.read(['a', 'b'])
      if (!Object.isFrozen(records)) (records as unknown[]).length = 0
      same(
        (await readAll(storage, ['a', 'b'])).map(({ version }) => version),
        [1, 0],
        'What is read afterwards',
      )
    },
    { detail: 'the list that was read' },
  ),
]

/** Changes a value in place as far as it lets anybody: what is frozen need not be copied. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) {
    spoil(part)
    if (!Object.isFrozen(value)) Object.assign(value, { [key]: 'spoilt' })
  }
  if (Array.isArray(value) && !Object.isFrozen(value)) value.length = 0
}
