/**
 * Runs one scenario on the model and on Redis side by side. The model's clock shows what Redis has just told, so all times
 * have to be equal to the millisecond, and nothing depends on how fast anything goes. Epochs are the only thing that each
 * side has of its own: a user's must change on both sides at the same operations, and rise.
 */
import { bucketOf } from '../../src/server/redis/keys.ts'
import type {
  ClaimReply,
  FlushReply,
  Stamp,
  StorageAdapter,
  StoredRecord,
  Swap,
  SwapResult,
  Version,
} from '../../src/server/index.ts'
import { createMemoryCluster } from '../../src/testing/index.ts'
import {
  INCARNATIONS,
  type Operation,
  type Scenario,
  SESSIONS,
  type StampKind,
  type SwapOperation,
  USERS,
} from './model-operations.ts'
import { nameOf, recordOf, userOf } from './model-names.ts'

/** Redis, as a scenario needs it. */
export interface RealSide {
  /** One for each node. */
  readonly adapters: readonly StorageAdapter[]
  /** Loses everything; resolves when the clock shows another millisecond, so that a new epoch can be told from the old. */
  wipe(): Promise<void>
}

/** Both sides' views of a user, as last told. */
interface Seen {
  readonly real: Version
  readonly model: Version
}

const SECOND_MS = 1_000
const FAR_MS = 60_000
const NEVER_LATE_MS = 600_000
/** Epochs are milliseconds, and each side has its own: the one that comes a millisecond later may begin on one side only. */
const NEVER_REACHED = 3_600_000

/** How often each outcome was met, so that it shows when one is not tried. */
export type Tally = Map<string, number>

/** Throws at the first difference. @param world - by which names are chosen */
export async function compare(
  real: RealSide,
  scenario: Scenario,
  world: number,
  tally: Tally = new Map(),
): Promise<void> {
  await real.wipe()
  const run = createRun(real, scenario.isSpread, world, (outcome) =>
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1),
  )
  if (scenario.isSpread) await run.flushAll()
  for (const operation of scenario.operations) await run.perform(operation)
  await run.compareAll()
}

function createRun(real: RealSide, isSpread: boolean, world: number, met: (outcome: string) => void) {
  let time = 1
  const cluster = createMemoryCluster({ clock: { time: () => time, defer() {} }, lazyEpochs: true })
  const model = cluster.storage()
  const seen = new Map<string, readonly Seen[]>()
  const epochs = new Map<string, number>()
  const name = (number: number): string => nameOf(number, world)
  const user = (number: number): string => userOf(number, world, isSpread)
  const adapterOf = (node: number): StorageAdapter => {
    const adapter = real.adapters[node]
    if (!adapter) throw new Error('No such node')
    return adapter
  }
  const nodesOf = ({ nodes }: StorageAdapter) => {
    if (!nodes) throw new Error('No directory')
    return nodes
  }
  const stampOf = (kind: StampKind): Stamp => stampAt(time, kind)

  /** Asks Redis, sets the model's clock to its answer's time, and asks the model. */
  const ask = async <T extends { readonly now?: number }>(
    node: number,
    question: (storage: StorageAdapter) => T | PromiseLike<T>,
  ): Promise<{ told: T; expected: T }> => {
    const told = await question(adapterOf(node))
    time = told.now ?? time
    const expected = await question(model)
    if (told.now !== undefined) same(told.now, expected.now, 'the time')
    return { told, expected }
  }

  /** A user's epoch is another on each side, but changes at the same time. */
  const sameEpoch = (id: string, told: number, expected: number): void => {
    if (expected === 0 || told === 0) {
      same(told, expected, `the epoch of ${id}, where none has begun`)
      return
    }
    const key = `${bucketOf(id)} ${expected}`
    const known = epochs.get(key) ?? told
    same(told, known, `the epoch of ${id}`)
    const before = [...epochs].filter(([other]) => other !== key && other.startsWith(`${bucketOf(id)} `))
    if (!epochs.has(key) && before.some(([, epoch]) => epoch >= told))
      throw new Error(`Epoch ${told} is not new`)
    epochs.set(key, told)
  }
  const sameRecord = (id: string, told: StoredRecord | null, expected: StoredRecord | null): void => {
    if (!told || !expected) throw new Error(`${id} could not be read`)
    same([told.version, told.record], [expected.version, expected.record], `what stands there for ${id}`)
    sameEpoch(id, told.epoch, expected.epoch)
    note(id, { real: told, model: expected })
  }
  const note = (id: string, next: Seen): void => {
    const [last] = seen.get(id) ?? []
    seen.set(id, last ? [next, last] : [next])
  }

  const expectedBy = (id: string, { expected }: SwapOperation): Seen => {
    const [last = NOTHING_SEEN, before = NOTHING_SEEN] = seen.get(id) ?? []
    switch (expected) {
      case 'what was seen last':
        return last
      case 'what was seen before':
        return before
      case 'nothing':
        return { real: { ...last.real, version: 0 }, model: { ...last.model, version: 0 } }
      case 'another epoch':
        return {
          real: { ...last.real, epoch: last.real.epoch + NEVER_REACHED },
          model: { ...last.model, epoch: last.model.epoch + NEVER_REACHED },
        }
      case 'no epoch':
        return NOTHING_SEEN
    }
  }
  const swap = async (node: number, operations: readonly SwapOperation[], stamp: Stamp): Promise<void> => {
    const asked = operations.map((operation) => {
      const id = user(operation.id)
      const expected = expectedBy(id, operation)
      const version = Math.max(expected.real.version, expected.model.version) + operation.bump
      return { id, expected, version, record: recordOf(operation.record, world) }
    })
    const swapsFor = (side: keyof Seen): Swap[] =>
      asked.map(({ expected, ...rest }) => ({ ...rest, expected: expected[side] }))
    const { told, expected } = await ask(node, (storage) =>
      storage.swap(swapsFor(storage === model ? 'model' : 'real'), stamp),
    )
    for (const [index, { id, version, expected: was }] of asked.entries()) {
      const [found, wanted] = [told.results[index], expected.results[index]]
      same(kindOf(found), kindOf(wanted), `a swap of ${id}`)
      met(`swap ${kindOf(wanted)}`)
      if (typeof found === 'object' && typeof wanted === 'object') sameRecord(id, found, wanted)
      if (wanted === 'done') note(id, { real: { ...was.real, version }, model: { ...was.model, version } })
    }
  }
  const read = async (node: number, ids: readonly string[]): Promise<void> => {
    const { told, expected } = await ask(node, (storage) => storage.read(ids))
    same(told.records.length, ids.length, 'how many were read')
    for (const [index, id] of ids.entries()) {
      sameRecord(id, told.records[index] ?? null, expected.records[index] ?? null)
    }
  }
  const flush = async (node: number, operation: Extract<Operation, { type: 'flush' }>): Promise<void> => {
    const call = {
      ...stampOf(operation.stamp),
      incarnation: name(operation.incarnation),
      first: operation.first,
      leaseMs: operation.leaseMs,
      silent: operation.silent.map(([session, ageMs]) => ({ id: name(session), ageMs })),
      gone: operation.gone.map(name),
    }
    const { told, expected } = await ask(node, (storage) => nodesOf(storage).flush(call))
    same(
      [told.outcome, told.sessions, told.flushedBefore],
      [expected.outcome, expected.sessions, expected.flushedBefore],
      'a flush',
    )
    met(`flush ${expected.outcome}`)
    if (told.epoch < Math.max(...epochs.values())) throw new Error(`Epoch ${told.epoch} is not the greatest`)
    // The lease of what was claimed is over for good: when it would have lapsed says nothing.
    const claimed = new Set(
      cluster.entries().flatMap(({ incarnation, claimedBy }) => (claimedBy === null ? [] : [incarnation])),
    )
    same(listOf(told, claimed), listOf(expected, claimed), 'the list of nodes')
  }
  const claim = async (node: number, operation: Extract<Operation, { type: 'claim' }>): Promise<void> => {
    const call = {
      ...stampOf(operation.stamp),
      incarnation: name(operation.incarnation),
      by: name(operation.by),
      leaseMs: operation.leaseMs,
    }
    const { told, expected } = await ask(node, (storage) => nodesOf(storage).claim(call))
    same(inOrder(told), inOrder(expected), 'a claim')
    met(`claim ${expected.outcome}`)
  }
  const wipe = async (): Promise<void> => {
    await real.wipe()
    cluster.wipe()
    if (isSpread) await flushAll()
  }
  /** Begins an epoch everywhere. */
  const flushAll = (): Promise<void> =>
    flush(0, {
      node: 0,
      type: 'flush',
      incarnation: INCARNATIONS,
      first: true,
      leaseMs: 0,
      silent: [],
      gone: [],
      stamp: 'any time',
    })

  return {
    flushAll,
    async perform(operation: Operation): Promise<void> {
      const { node } = operation
      switch (operation.type) {
        case 'read':
          return read(node, operation.ids.map(user))
        case 'swap':
          return swap(node, operation.swaps, stampOf(operation.stamp))
        case 'flush':
          return flush(node, operation)
        case 'claim':
          return claim(node, operation)
        case 'enlist': {
          const sessions = operation.sessions.map((session) => ({ id: name(session), user: user(session) }))
          const stamp = stampOf(operation.stamp)
          const { told, expected } = await ask(node, (storage) =>
            nodesOf(storage).enlist(name(operation.incarnation), sessions, stamp),
          )
          same(told, expected, 'to enlist')
          met(`enlist ${expected.outcome}`)
          return
        }
        case 'discharge': {
          const stamp = stampOf(operation.stamp)
          const sessions = operation.sessions.map(name)
          const { told, expected } = await ask(node, (storage) =>
            nodesOf(storage).discharge(name(operation.incarnation), name(operation.by), sessions, stamp),
          )
          same(told, expected, 'to discharge')
          met(`discharge ${expected.outcome}`)
          return
        }
        case 'release':
          await nodesOf(adapterOf(node)).release(name(operation.incarnation))
          await nodesOf(model).release(name(operation.incarnation))
          return
        case 'wipe':
          return wipe()
      }
    },
    /** All that is there, once more, by every call that tells of it. */
    async compareAll(): Promise<void> {
      await read(
        0,
        Array.from({ length: USERS }, (_, number) => user(number)),
      )
      for (let incarnation = 0; incarnation < INCARNATIONS; incarnation++) {
        const base = { node: 1, incarnation, by: SESSIONS, stamp: 'any time' } as const
        await claim(1, { ...base, type: 'claim', leaseMs: 1 })
      }
      await flushAll()
    },
  }
}

const NOTHING_SEEN: Seen = { real: { epoch: 0, version: 0 }, model: { epoch: 0, version: 0 } }

function stampAt(time: number, kind: StampKind): Stamp {
  switch (kind) {
    case 'on time':
      return { sentAt: time, toleranceMs: NEVER_LATE_MS }
    case 'took a second':
      return { sentAt: time - SECOND_MS, toleranceMs: NEVER_LATE_MS }
    case 'ahead by a second':
      return { sentAt: time + SECOND_MS, toleranceMs: NEVER_LATE_MS }
    case 'any time':
      return { sentAt: 0, toleranceMs: Number.POSITIVE_INFINITY }
    case 'held up':
      return { sentAt: time - FAR_MS, toleranceMs: SECOND_MS }
    case 'far ahead':
      return { sentAt: time + FAR_MS, toleranceMs: SECOND_MS }
  }
}

function kindOf(result: SwapResult | undefined): string {
  return typeof result === 'object' ? 'something else' : String(result)
}

function listOf({ nodes }: FlushReply, claimed: ReadonlySet<string>): unknown[] {
  return nodes
    .map(({ incarnation, leaseUntil }) => [incarnation, claimed.has(incarnation) ? 'claimed' : leaseUntil])
    .sort()
}

function inOrder({ sessions, ...rest }: ClaimReply): unknown {
  return [rest.outcome, rest.flushedAt, [...sessions].sort((a, b) => (a.id < b.id ? -1 : 1))]
}

function same(told: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [spell(told), spell(expected)]
  if (found !== wanted) throw new Error(`Of ${what} Redis says ${found}, and the model ${wanted}`)
}

/** JSON, whatever the order of members. */
function spell(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort())
      : part,
  )
}
