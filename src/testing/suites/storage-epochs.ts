/** Epochs: what was lost begins anew, above all that was. */
import { check, same } from './assert.ts'
import { type Draft, draft, type Supports } from './case.ts'
import { readAll, readOne, timeOf, write } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

const GREATER = 'A storage that lost records MUST begin a new epoch, greater than every one before'
const ITS_TIME = 'its time where that is greater'
const MEANWHILE = 'Until it has, it MAY give epoch 0 for what is missing'

const WIPES = 3
/** The parts of a storage begin their epochs one after the other, each greater by one. */
const PARTS_MS = 10
const HOUR_MS = 3_600_000
const canWipe = ({ wipe }: Supports): boolean => wipe === true

export const epochCases: readonly Draft<StorageWorld>[] = [
  draft(
    6,
    GREATER,
    async ({ connect }) => {
      const storage = await connect()
      const { epoch } = await write(storage, 'a', 1)
      for (let version = 2; version < 5; version++) {
        same((await write(storage, 'a', version)).epoch, epoch, 'The epoch where nothing was lost')
      }
    },
    { detail: 'and none where nothing was lost' },
  ),
  draft(
    6,
    GREATER,
    async ({ connect, wipe }) => {
      const storage = await connect()
      let { epoch } = await write(storage, 'a', 1)
      for (let round = 0; round < WIPES; round++) {
        await wipe()
        same((await readOne(storage, 'a')).version, 0, 'The version of what was lost')
        const stored = await write(storage, 'a', 1)
        check(stored.epoch > epoch, `After epoch ${epoch} was lost ${stored.epoch} began`)
        epoch = stored.epoch
      }
    },
    { detail: 'one wipe after the other', possible: canWipe },
  ),
  draft(
    6,
    GREATER,
    async ({ connect, wipe, stepTime }) => {
      const storage = await connect()
      const { epoch } = await write(storage, 'a', 1)
      await stepTime(-HOUR_MS)
      await wipe()
      const stored = await write(storage, 'a', 1)
      check(stored.epoch > epoch, `With the clock stepped back epoch ${stored.epoch} followed ${epoch}`)
    },
    {
      detail: 'whatever its clock says',
      possible: ({ wipe, stepTime }) => wipe === true && stepTime === true,
    },
  ),
  draft(
    6,
    ITS_TIME,
    async ({ connect, advance, wipe }) => {
      const storage = await connect()
      await write(storage, 'a', 1)
      await advance(50)
      const before = await timeOf(storage)
      await wipe()
      const { epoch } = await write(storage, 'a', 1)
      const after = await timeOf(storage)
      const isTime = epoch >= before && epoch <= after + PARTS_MS
      check(isTime, `Between ${before} and ${after} epoch ${epoch} began`)
    },
    { possible: canWipe },
  ),
  draft(
    6,
    MEANWHILE,
    async ({ connect, wipe }) => {
      const storage = await connect()
      const ids = Array.from({ length: 50 }, (_, index) => `user ${index}`)
      const { epoch } = await write(storage, 'user 0', 1)
      await wipe()
      for (const stored of [
        ...(await readAll(storage, ids)),
        await write(storage, 'a', 1),
        ...(await readAll(storage, ids)),
      ]) {
        const isSound = stored.epoch > epoch || (stored.epoch === 0 && stored.version === 0)
        check(
          isSound,
          `After epoch ${epoch} was lost version ${stored.version} in epoch ${stored.epoch} was given`,
        )
      }
    },
    { possible: canWipe },
  ),
]
